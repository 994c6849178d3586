using System.Globalization;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>
/// Two years in the life of the sandbox's customers, day by day: what comes in, what goes out, what moves between their own accounts.
/// </summary>
internal sealed class TwoYears(Books books, DateTimeOffset now)
{
    private const string Clearing = "bank:clearing:";
    private const string Fees = "bank:fees:";
    private const string Interest = "bank:interest:";
    private const string Exchange = "bank:exchange:";
    private const string Opening = "bank:opening:";

    private readonly Dictionary<string, Draw> draws = new(StringComparer.Ordinal);

    public void Live()
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var first = today.AddMonths(-24);
        Open(first);
        books.CloseDay();
        for (var day = first; day <= today; day = day.AddDays(1))
        {
            foreach (var (order, position) in SandboxRegulars.Orders.Select((order, position) => (order, position)))
            {
                if (order.IsDue(day, today)) Carry(order, position, day);
            }

            Amelia(day);
            Household(day);
            Thomas(day);
            Bakery(day);
            Market(day);
            books.CloseDay();
        }

        Await();
    }

    private void Open(DateOnly day)
    {
        foreach (var (tag, amount) in new (string, decimal)[]
        {
            ("GB-1", 1284.36m), ("GB-2", 6200.00m), ("EUR-1", 310.00m), ("CARD-1", -214.90m), ("JT-1", 846.12m), ("GB-3", 932.08m),
            ("GB-4", 1450.00m), ("CARD-2", -88.15m), ("BUS-1", 8420.55m), ("BUS-2", 5100.00m), ("BIG-1", 15310.44m),
        })
        {
            var account = SandboxBank.Account(tag);
            books.Post(At(day, 0, 5), "Balance brought forward", new Side(tag, amount, account.Currency, new Booking("MCOP", "OTHR", "BBF", "BROUGHT FORWARD", "Balance brought forward")), new Side(Opening + account.Currency, -amount, account.Currency));
        }
    }

    private void Amelia(DateOnly day)
    {
        var chance = For("GB-1");
        if (IsPayday(day, 25)) Receive("GB-1", day, 2, "Tidewater Instruments Ltd", "SALARY", 2946.18m, "60123487654321");
        if (day.Day == 8) Debit("GB-1", day, "Brightline Mobile", "MOBILE", 18.00m);
        if (day.Day == 12) Debit("GB-1", day, "Orchard Mutual Insurance", "CONTENTS POLICY", 14.62m);
        if (day.Day == 6) Pay("GB-1", day, Merchants.Of(Spending.Subscriptions)[0]);
        if (day.Day == 16) Pay("GB-1", day, Merchants.Of(Spending.Subscriptions)[1]);
        if (day.DayOfWeek is DayOfWeek.Monday or DayOfWeek.Wednesday && chance.Chance(55)) Pay("GB-1", day, chance.Of(Merchants.Of(Spending.Travel)));
        if (chance.Chance(24)) Pay("GB-1", day, chance.Of(Merchants.Of(Spending.Coffee)));
        if (chance.Chance(20)) Pay("GB-1", day, chance.Of(Merchants.Of(Spending.Groceries)));
        if (chance.Chance(8)) Pay("GB-1", day, chance.Of(Merchants.Of(Spending.Health)));
        if (chance.Chance(3)) Cash("GB-1", day, chance.Of([20m, 30m, 50m]));
        if (day.Day == 18 && chance.Chance(30)) Receive("GB-1", day, 11, "Ruth Adebayo", "TICKETS THANKS", chance.Amount(12m, 64m), "40221598761234");

        // The card is for what costs more, and is settled from the current account each month.
        if (chance.Chance(14)) Pay("CARD-1", day, chance.Of(Merchants.Of(chance.Of([Spending.Shopping, Spending.EatingOut, Spending.Leisure, Spending.Health]))));
        if (chance.Chance(1)) Refund("CARD-1", day, chance.Of(Merchants.Of(Spending.Shopping)));
        if (day.Day == 21) Settle("CARD-1", "GB-1", day);

        if (day.Day == 28) Earn("GB-2", day, 0.031m);
        if (day is { Day: 20, Month: 7 or 12 }) Transfer("GB-2", "GB-1", day, 700.00m, day.Month == 7 ? "HOLIDAY" : "PRESENTS");

        if (day is { Day: 10, Month: 2 or 5 or 6 or 9 }) Change("GB-1", "EUR-1", day, 400.00m, 1.14m + (chance.Between(0, 400) / 10000m));
        var abroad = day.Month is 6 or 9 && day.Day is >= 12 and <= 20;
        if (abroad && chance.Chance(70)) Pay("EUR-1", day, chance.Of(Merchants.Of(Spending.Abroad)));
        if (day.Day == 2 && day.Month % 3 == 1) Charge("EUR-1", day, "Currency account fee", 3.00m);
    }

    private void Household(DateOnly day)
    {
        var chance = For("JT-1");
        if (day.Day == 5) Debit("JT-1", day, "Severnside Energy", "GAS AND ELECTRICITY", day.Month is <= 3 or >= 11 ? 148.00m : 96.00m);
        if (day.Day == 7) Debit("JT-1", day, "Chew Valley Water", "WATER", 34.50m);
        if (day is { Day: 10, Month: not (2 or 3) }) Debit("JT-1", day, "Northmoor Borough Council", "COUNCIL TAX", 164.00m);
        if (day.Day == 14) Debit("JT-1", day, "Halyard Broadband", "BROADBAND", 31.99m);
        if (day.DayOfWeek == DayOfWeek.Friday) Pay("JT-1", day, chance.Of(Merchants.Of(Spending.Groceries)));
        if (day.DayOfWeek == DayOfWeek.Sunday && chance.Chance(35)) Pay("JT-1", day, chance.Of(Merchants.Of(Spending.EatingOut)));
        if (day.DayOfWeek == DayOfWeek.Tuesday && chance.Chance(25)) Pay("JT-1", day, Merchants.Of(Spending.Fuel)[0]);
    }

    private void Thomas(DateOnly day)
    {
        var chance = For("GB-3");
        if (IsPayday(day, 28)) Receive("GB-3", day, 3, "Fernbrook Academy Trust", "PAY", 2318.40m, "20114455667788");
        if (day.Day == 9) Debit("GB-3", day, "Brightline Mobile", "MOBILE", 12.00m);
        if (day.Day == 15) Debit("GB-3", day, "Larch Lane Loans", "CYCLE LOAN", 48.75m);
        if (day.Day == 19) Pay("GB-3", day, Merchants.Of(Spending.Subscriptions)[2]);
        if (chance.Chance(18)) Pay("GB-3", day, chance.Of(Merchants.Of(Spending.Coffee)));
        if (chance.Chance(22)) Pay("GB-3", day, chance.Of(Merchants.Of(Spending.Groceries)));
        if (chance.Chance(14)) Pay("GB-3", day, chance.Of(Merchants.Of(Spending.Leisure)));
        if (day.DayOfWeek is DayOfWeek.Tuesday or DayOfWeek.Thursday && chance.Chance(60)) Pay("GB-3", day, chance.Of(Merchants.Of(Spending.Travel)));
        if (chance.Chance(5)) Pay("CARD-2", day, chance.Of(Merchants.Of(Spending.Shopping)));
        if (day.Day == 22) Settle("CARD-2", "GB-3", day);
        if (day.Day == 28) Earn("GB-4", day, 0.045m);
    }

    private void Bakery(DateOnly day)
    {
        var chance = For("BUS-1");
        if (day.DayOfWeek is not (DayOfWeek.Sunday or DayOfWeek.Monday))
            Receive("BUS-1", day, 5, "Cardwell Acquiring", "CARD SALES " + day.ToString("ddMMyy", CultureInfo.InvariantCulture), chance.Amount(310m, 760m), "16002233445566");
        if (day.DayOfWeek == DayOfWeek.Thursday) Supply("BUS-1", day, chance.Of(Merchants.Of(Spending.Supplies)));
        if (IsPayday(day, 27))
        {
            Send("BUS-1", day, "Wages J Okafor", "WAGES", 1720.00m, "11223399887766");
            Send("BUS-1", day, "Wages M Lindqvist", "WAGES", 1485.00m, "11223355443322");
            Send("BUS-1", day, "Drawings R Quill", "DRAWINGS", 1450.00m, "11223377665544");
            Send("BUS-1", day, "Drawings S Larkspur", "DRAWINGS", 1450.00m, "11223322110099");
        }

        if (day.Day == 13) Debit("BUS-1", day, "Severnside Energy", "OVENS", chance.Amount(280m, 460m));
        if (day.Day == 1) Charge("BUS-1", day, "Account charges", 12.50m);
        if (day.DayOfWeek == DayOfWeek.Monday && day.Day <= 7) Transfer("BUS-1", "BUS-2", day, 900.00m, "VAT SET ASIDE");
        if (day is { Day: 7, Month: 2 or 5 or 8 or 11 }) Transfer("BUS-2", "BUS-1", day, 2400.00m, "VAT DUE");

        if (day.Day == 28) Earn("BUS-2", day, 0.022m);
    }

    private void Market(DateOnly day)
    {
        var chance = For("BIG-1");
        for (var stall = 1; stall <= 3; stall++)
        {
            if (chance.Chance(80)) Receive("BIG-1", day, 6 + stall, "Stall " + chance.Between(1, 48).ToString("00", CultureInfo.InvariantCulture), "PITCH FEE", chance.Amount(18m, 95m), "3099" + chance.Between(1000000, 9999999).ToString(CultureInfo.InvariantCulture) + "001");
        }

        if (chance.Chance(30)) Supply("BIG-1", day, chance.Of(Merchants.Of(Spending.Supplies)));
        if (day.Day == 1) Charge("BIG-1", day, "Account charges", 12.50m);
    }

    /// <summary>What was paid by card yesterday and today is still to be booked.</summary>
    private void Await()
    {
        foreach (var (tag, merchant, amount) in new[]
        {
            ("GB-1", Merchants.Of(Spending.Coffee)[0], 4.20m),
            ("CARD-1", Merchants.Of(Spending.Shopping)[3], 23.98m),
            ("CARD-1", Merchants.Of(Spending.EatingOut)[0], 46.50m),
            ("JT-1", Merchants.Of(Spending.Groceries)[1], 61.37m),
            ("BIG-1", Merchants.Of(Spending.Supplies)[1], 118.40m),
        })
        {
            var account = SandboxBank.Account(tag);
            books.Await(now.AddHours(30), new Side(tag, -amount, account.Currency, CardPayment(account, merchant, "POSD", "CARD")));
        }
    }

    private void Pay(string tag, DateOnly day, Merchant merchant)
    {
        var account = SandboxBank.Account(tag);
        var amount = For(tag).Amount(merchant.Least, merchant.Most);
        Pay(tag, At(day, For(tag).Between(8, 22), For(tag).Between(0, 60)), account.Currency, amount, CardPayment(account, merchant, "POSD", "CARD"), merchant.Name);
    }

    private void Refund(string tag, DateOnly day, Merchant merchant)
    {
        var account = SandboxBank.Account(tag);
        var amount = For(tag).Amount(merchant.Least, merchant.Most);
        var booking = CardPayment(account, merchant, "RIMB", "CARD") with { Information = "Refund " + merchant.Name };
        Pay(tag, At(day, 13, 30), account.Currency, -amount, booking, "Refund " + merchant.Name);
    }

    private void Pay(string tag, DateTimeOffset at, string currency, decimal amount, Booking booking, string text) =>
        books.Post(at, text, new Side(tag, -amount, currency, booking), new Side(Clearing + currency, amount, currency));

    private Booking CardPayment(SandboxAccount account, Merchant merchant, string subCode, string own) =>
        new("CCRD", subCode, own, merchant.Name.ToUpperInvariant(), $"{merchant.Name}, {merchant.Town}")
        {
            At = merchant,
            Name = merchant.Name,
            Card = account.Card,
            CardAuthorisation = For(account.Tag).Of(["Contactless", "Contactless", "PIN", "ConsumerDevice"]),
        };

    private void Supply(string tag, DateOnly day, Merchant supplier)
    {
        var amount = For(tag).Amount(supplier.Least, supplier.Most);
        Send(tag, day, supplier.Name, "INV " + For(tag).Between(10000, 99999).ToString(CultureInfo.InvariantCulture), amount, "6600" + "1122334455");
    }

    private void Cash(string tag, DateOnly day, decimal amount) =>
        Pay(tag, At(day, 12, 15), "GBP", amount, new Booking("CCRD", "CWDL", "ATM", "CASH", "Cash withdrawal, Broad Quay, Bristol") { Card = SandboxBank.Account(tag).Card, CardAuthorisation = "PIN" }, "Cash withdrawal");

    private void Receive(string tag, DateOnly day, int hour, string from, string reference, decimal amount, string identification) =>
        books.Post(
            At(day, hour, For(tag).Between(0, 60)),
            from + " " + reference,
            new Side(tag, amount, "GBP", new Booking("RCDT", "DMCT", "FPI", reference, $"{from} {reference}")
            {
                Name = from,
                Scheme = "UK.OBIE.SortCodeAccountNumber",
                Identification = identification,
                Bic = "NWLTGB21XXX",
            }),
            new Side(Clearing + "GBP", -amount, "GBP"));

    private void Send(string tag, DateOnly day, string to, string reference, decimal amount, string identification) =>
        Pay(tag, At(day, 6, For(tag).Between(0, 60)), "GBP", amount, Out("DMCT", "FPO", to, reference, identification), to + " " + reference);

    /// <summary>Carries a standing order out, each at a minute of its own, so that lines have an order.</summary>
    private void Carry(SandboxOrder order, int position, DateOnly day)
    {
        var at = At(day, 5, 30 + position);
        if (order.Own is { } own) Move(order.Tag, own.Tag, at, order.Amount, order.Reference);
        else Pay(order.Tag, at, "GBP", order.Amount, Out("STDO", "SO", order.To, order.Reference, order.Identification), order.To + " " + order.Reference);
    }

    private static Booking Out(string subCode, string own, string to, string reference, string identification) =>
        new("ICDT", subCode, own, reference, $"{to} {reference}")
        {
            Name = to,
            Scheme = "UK.OBIE.SortCodeAccountNumber",
            Identification = identification,
            Bic = "NWLTGB21XXX",
        };

    private void Debit(string tag, DateOnly day, string to, string reference, decimal amount) =>
        Pay(tag, At(day, 4, For(tag).Between(0, 60)), "GBP", amount, new Booking("IDDT", "PMDD", "DD", reference, $"{to} {reference}") { Name = to }, to + " " + reference);

    /// <summary>A charge is a line of its own, so that amounts and charges add up (OB-AIS-23).</summary>
    private void Charge(string tag, DateOnly day, string text, decimal amount)
    {
        var currency = SandboxBank.Account(tag).Currency;
        books.Post(At(day, 23, 50), text, new Side(tag, -amount, currency, new Booking("MDOP", "CHRG", "CHG", text.ToUpperInvariant(), text)), new Side(Fees + currency, amount, currency));
    }

    private void Earn(string tag, DateOnly day, decimal rate)
    {
        var amount = decimal.Round(books.Balances[tag] * rate / 12, 2, MidpointRounding.ToZero);
        if (amount <= 0) return;
        books.Post(At(day, 23, 55), "Interest", new Side(tag, amount, "GBP", new Booking("MCOP", "INTR", "INT", "INTEREST", "Gross interest")), new Side(Interest + "GBP", -amount, "GBP"));
    }

    /// <summary>Between two accounts of the bank: one entry, and a line on either statement.</summary>
    private void Transfer(string from, string to, DateOnly day, decimal amount, string reference) =>
        Move(from, to, At(day, 7, For(from).Between(0, 60)), amount, reference);

    private void Move(string from, string to, DateTimeOffset at, decimal amount, string reference) =>
        books.Post(
            at,
            reference,
            new Side(from, -amount, "GBP", Between(SandboxBank.Account(to), "ICDT", "TFR", reference)),
            new Side(to, amount, "GBP", Between(SandboxBank.Account(from), "RCDT", "TFR", reference)));

    private static Booking Between(SandboxAccount other, string code, string own, string reference) =>
        new(code, "BOOK", own, reference, $"{(code == "ICDT" ? "To" : "From")} {other.HolderName} {reference}")
        {
            Name = other.HolderName,
            Scheme = other.Scheme,
            Identification = other.Identification,
            Bic = SandboxAccount.Bic,
        };

    /// <summary>Pays off what a card owes.</summary>
    private void Settle(string card, string from, DateOnly day)
    {
        var owed = -books.Balances[card];
        if (owed <= 0) return;
        books.Post(
            At(day, 5, 20),
            "Card settlement",
            new Side(from, -owed, "GBP", Between(SandboxBank.Account(card), "ICDT", "DD", "CARD SETTLEMENT")),
            new Side(card, owed, "GBP", new Booking("RCDT", "BOOK", "PYT", "PAYMENT THANK YOU", "Payment received, thank you")));
    }

    /// <summary>Buys euros: each currency adds up to zero by itself, over the bank's own exchange accounts.</summary>
    private void Change(string from, string to, DateOnly day, decimal pounds, decimal rate)
    {
        var euros = decimal.Round(pounds * rate, 2, MidpointRounding.ToEven);
        var sold = Between(SandboxBank.Account(to), "ICDT", "FX", "EUROS") with { Rate = rate, OtherCurrency = "EUR", OtherAmount = euros };
        var bought = Between(SandboxBank.Account(from), "RCDT", "FX", "EUROS") with { Rate = rate, OtherCurrency = "GBP", OtherAmount = pounds };
        books.Post(
            At(day, 10, 40),
            "Euros",
            new Side(from, -pounds, "GBP", sold),
            new Side(Exchange + "GBP", pounds, "GBP"),
            new Side(Exchange + "EUR", -euros, "EUR"),
            new Side(to, euros, "EUR", bought));
    }

    private Draw For(string tag)
    {
        if (!draws.TryGetValue(tag, out var draw)) draws[tag] = draw = new Draw("sandbox " + tag);
        return draw;
    }

    private static DateTimeOffset At(DateOnly day, int hour, int minute) => new(day.ToDateTime(new TimeOnly(hour, minute)), TimeSpan.Zero);

    /// <summary>Pay comes on its day, or on the Friday before a weekend.</summary>
    private static bool IsPayday(DateOnly day, int due)
    {
        if (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) return false;
        if (day.Day == due) return true;
        return day.DayOfWeek == DayOfWeek.Friday && (day.AddDays(1).Day == due || day.AddDays(2).Day == due);
    }
}
