using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>How a booking looks on a statement.</summary>
/// <param name="Code">ISO 20022 family and sub-family.</param>
/// <param name="Own">The bank's own short code.</param>
internal sealed record Booking(string Code, string SubCode, string Own, string Reference, string Information)
{
    public Merchant? At { get; init; }

    /// <summary>The other side: name, and account and bank where they are known.</summary>
    public string? Name { get; init; }

    public string? Scheme { get; init; }

    public string? Identification { get; init; }

    public string? Bic { get; init; }

    public string? Card { get; init; }

    public string? CardAuthorisation { get; init; }

    public decimal? Rate { get; init; }

    public string? OtherCurrency { get; init; }

    public decimal? OtherAmount { get; init; }
}

/// <summary>One side of a movement: the bank's own account where it has no tag of a customer's.</summary>
internal sealed record Side(string Account, decimal Amount, string Currency, Booking? Statement = null);

/// <summary>When and how much, with its sign.</summary>
internal readonly record struct Booked(DateTimeOffset At, decimal Amount);

/// <summary>Books movements in the order of their time: entries whose legs add up to zero, statement lines, running balances.</summary>
internal sealed class Books(IReadOnlyDictionary<string, string> accountIds, DateTimeOffset now, Draw draw)
{
    private readonly List<(DateTimeOffset At, string Text, Side[] Sides)> today = [];

    public List<Entry> Entries { get; } = [];

    public List<Leg> Legs { get; } = [];

    public List<BankTransaction> Transactions { get; } = [];

    /// <summary>By tag.</summary>
    public Dictionary<string, decimal> Balances { get; } = accountIds.Keys.ToDictionary(tag => tag, _ => 0m, StringComparer.Ordinal);

    /// <summary>The first and the last line that an account has under a reference.</summary>
    public Dictionary<(string Tag, string Reference), (Booked First, Booked Last)> Known { get; } = [];

    /// <summary>Has a movement booked when its day closes.</summary>
    public void Post(DateTimeOffset at, string text, params Side[] sides) => today.Add((at, text, sides));

    /// <summary>Books the day's movements in the order of their time, so that each line's balance follows from the line before.</summary>
    public void CloseDay()
    {
        foreach (var (at, text, sides) in today.OrderBy(movement => movement.At)) Book(at, text, sides);
        today.Clear();
    }

    /// <summary>Books a movement; what lies after now has not happened yet.</summary>
    private void Book(DateTimeOffset at, string text, Side[] sides)
    {
        foreach (var currency in sides.GroupBy(side => side.Currency, StringComparer.Ordinal))
        {
            if (currency.Sum(side => side.Amount) != 0) throw new InvalidOperationException($"The legs of '{text}' do not add up to zero.");
        }

        if (at > now) return;
        var entry = new Entry { Id = draw.Id(), BookedAt = at, Text = text };
        Entries.Add(entry);
        short number = 0;
        foreach (var side in sides)
        {
            var isCustomers = accountIds.TryGetValue(side.Account, out var id);
            Legs.Add(new Leg { EntryId = entry.Id, Number = ++number, Account = id ?? side.Account, Amount = side.Amount, Currency = side.Currency });
            if (!isCustomers) continue;
            Balances[side.Account] += side.Amount;
            Transactions.Add(Line(id!, side, side.Statement!, at, entry.Id, Balances[side.Account]));
            var booked = new Booked(at, side.Amount);
            var key = (side.Account, side.Statement!.Reference);
            Known[key] = Known.TryGetValue(key, out var before) ? (before.First, booked) : (booked, booked);
        }
    }

    /// <summary>Notes what is authorised and not yet booked: no money has moved.</summary>
    public void Await(DateTimeOffset expected, Side side) =>
        Transactions.Add(Line(accountIds[side.Account], side, side.Statement!, expected, null, null));

    private BankTransaction Line(string accountId, Side side, Booking booking, DateTimeOffset at, Guid? entry, decimal? balance) => new()
    {
        Id = draw.Id(),
        AccountId = accountId,
        BookedAt = at,
        ValueAt = at,
        Amount = side.Amount,
        Currency = side.Currency,
        IsPending = entry is null,
        EntryId = entry,
        Reference = booking.Reference,
        Information = booking.Information,
        Code = booking.Code,
        SubCode = booking.SubCode,
        OwnCode = booking.Own,
        BalanceAfter = balance,
        AddressLine = booking.At?.Town,
        MerchantName = booking.At?.Name,
        MerchantCategory = booking.At?.Category,
        CounterpartyName = booking.Name,
        CounterpartyScheme = booking.Scheme,
        CounterpartyIdentification = booking.Identification,
        CounterpartyBic = booking.Bic,
        CardScheme = booking.Card is null ? null : "VISA",
        CardNumber = booking.Card,
        CardAuthorisation = booking.CardAuthorisation,
        ExchangeRate = booking.Rate,
        ExchangeCurrency = booking.OtherCurrency,
        ExchangeAmount = booking.OtherAmount,
    };
}
