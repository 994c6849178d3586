using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Samples.CoreBank.Books;

/// <summary>
/// A year and a half of what happens on the accounts, the same at every start: salaries, rents, bills, shopping, and money that moves
/// between a customer's own accounts, so that both sides show it.
/// </summary>
internal sealed class Year(Bank bank, DateTimeOffset now)
{
    private static readonly (string Name, string Category)[] Shops =
    [
        ("Greenfinch Foods", "5411"), ("Mill Lane Bakery", "5462"), ("Northgate Books", "5942"), ("City Tram", "4111"), ("The Copper Kettle", "5814"),
    ];

    private int count;

    public void Live()
    {
        var first = new DateTimeOffset(now.UtcDateTime.Date.AddMonths(-18), TimeSpan.Zero);
        foreach (var account in bank.Accounts)
        {
            account.Open(first);
            Book(account.Number, first, account.Currency == "EUR" ? 640m : 3200m, "BROUGHT FORWARD", "Balance brought forward", ("MCOP", "OTHR", "BBF"));
        }

        for (var day = first.AddDays(1); day <= now; day = day.AddDays(1))
        {
            if (day.Day == 25) Book("20450011", At(day, 2), 2946.18m, "SALARY", "Tidewater Instruments Ltd", ("RCDT", "DMCT", "BGC"), other: ("Tidewater Instruments Ltd", "60123487654321"));
            if (day.Day == 1) Book("20450011", At(day, 6), -985.00m, "RENT FLAT 4", "Castle Row Lettings", ("ICDT", "STDO", "SO"), other: ("Castle Row Lettings", "30887711223344"));
            if (day.Day == 8) Book("20450011", At(day, 5), -18.00m, "MOBILE", "Brightline Mobile", ("IDDT", "BBDD", "DD"));
            if (day.Day == 3) Move("20450011", "20450029", At(day, 7), 250.00m, "RAINY DAY");
            if (day.Day == 4) Move("20450011", "20450053", At(day, 7), 420.00m, "HOUSEHOLD");
            if (day.Day == 5) Move("20450061", "20450053", At(day, 7), 420.00m, "HOUSEHOLD");
            if (day.Day == 6) Move("20450061", "20450078", At(day, 7), 100.00m, "CAMPER VAN");
            if (day.Day == 28) Book("20450061", At(day, 2), 2410.55m, "SALARY", "Fernside Clinic", ("RCDT", "DMCT", "BGC"), other: ("Fernside Clinic", "60123400998877"));
            if (day.Day == 11) Book("20450053", At(day, 5), -112.40m, "ENERGY", "Lantern Energy", ("IDDT", "BBDD", "DD"));
            if (day.Day == 14) Book("4000009204500451", At(day, 9), 180.00m, "PAYMENT RECEIVED", "Thank you", ("RCDT", "DMCT", "FPI"));
            if (day.Day == 14) Book("4000009204500865", At(day, 9), 90.00m, "PAYMENT RECEIVED", "Thank you", ("RCDT", "DMCT", "FPI"));
            if (day.DayOfWeek == DayOfWeek.Saturday) Shop("20450053", At(day, 11), 60, 120);
            if (day.DayOfWeek == DayOfWeek.Wednesday) Shop("20450011", At(day, 18), 12, 60);
            if (day.DayOfWeek == DayOfWeek.Friday) Shop("4000009204500451", At(day, 20), 8, 40);
            if (day.DayOfWeek == DayOfWeek.Sunday) Shop("20450061", At(day, 13), 10, 45);
            if (day.Day % 9 == 0) Shop("GB10OBNK99012420450037", At(day, 12), 5, 30);
            if (day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)) Trade(day);
            for (var hour = 8; hour < 18; hour++) Book("20450110", At(day, hour), Draw(4, 90), "STALL " + (hour - 7), "Card takings", ("CCRD", "POSC", "CR"));
        }

        Shop("20450011", now.AddDays(1), 12, 30, isPending: true);
        Shop("4000009204500451", now.AddDays(1), 20, 45, isPending: true);
    }

    private void Trade(DateTimeOffset day)
    {
        Book("20450094", At(day, 17), Draw(380, 900), "TILL", "Takings of the day", ("CCRD", "POSC", "CR"));
        if (day.Day % 5 == 0) Book("20450094", At(day, 9), -Draw(600, 1500), "FLOUR", "Weir Mills", ("ICDT", "DMCT", "FPO"), other: ("Weir Mills", "40998812345678"));
        if (day.Day == 20) Move("20450094", "20450102", At(day, 10), 900.00m, "VAT");
    }

    private void Shop(string number, DateTimeOffset at, int least, int most, bool isPending = false)
    {
        var shop = Shops[count % Shops.Length];
        Book(number, at, -Draw(least, most), "CARD PAYMENT", shop.Name, ("CCRD", "POSD", "DEB"), isPending, shop: shop);
    }

    private void Move(string from, string to, DateTimeOffset at, decimal amount, string reference)
    {
        Book(from, at, -amount, reference, "Transfer to " + to, ("ICDT", "BOOK", "TFR"));
        Book(to, at, amount, reference, "Transfer from " + from, ("RCDT", "BOOK", "TFR"));
    }

    private void Book(
        string number,
        DateTimeOffset at,
        decimal amount,
        string reference,
        string information,
        (string Code, string SubCode, string Own) code,
        bool isPending = false,
        (string Name, string Identification)? other = null,
        (string Name, string Category)? shop = null)
    {
        if (at > now && !isPending) return;
        var account = bank.Numbered(number);
        account.Add(new Transaction(Next(), account.Id, at, at, amount, account.Currency, isPending, reference, information, code.Code, code.SubCode, code.Own)
        {
            CounterpartyName = other?.Name,
            CounterpartyScheme = other is null ? null : "UK.OBIE.SortCodeAccountNumber",
            CounterpartyIdentification = other?.Identification,
            MerchantName = shop?.Name,
            MerchantCategory = shop?.Category,
        });
    }

    private static DateTimeOffset At(DateTimeOffset day, int hour) => day.AddHours(hour);

    /// <summary>An amount that looks like chance and is the same at every start.</summary>
    private decimal Draw(int least, int most) => least + (Bits() % (uint)((most - least) * 100) / 100m);

    private uint Bits() => BitConverter.ToUInt32(SHA256.HashData(BitConverter.GetBytes(count)));

    private Guid Next() => new(SHA256.HashData(Encoding.UTF8.GetBytes("line " + count++)).AsSpan(0, 16));
}
