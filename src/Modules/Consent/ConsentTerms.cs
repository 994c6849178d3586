using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent;

/// <summary>A date as it was sent, with the moment that it names.</summary>
internal sealed record SentDate(DateTimeOffset Moment, string OnWire)
{
    /// <summary>Null where none was sent; one that names no moment has been refused before.</summary>
    public static SentDate? Of(string? asSent) =>
        asSent is not null && IsoDateTime.Parse(asSent) is { } moment ? new SentDate(moment, IsoDateTime.Echo(asSent, moment)) : null;
}

/// <summary>What a third party asks for with a new consent; fixed from then on (CO-07, OB-CON-18).</summary>
/// <param name="Expires">When access is to end; null is no end (OB-CON-9).</param>
internal sealed record ConsentTerms(SentDate? Expires)
{
    /// <summary>Account access: the permissions, order and repetitions included.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];

    public SentDate? TransactionsFrom { get; init; }

    public SentDate? TransactionsTo { get; init; }

    /// <summary>The other kinds: JSON in the words of the kind's resource.</summary>
    public string? OfKind { get; init; }

    /// <summary>Payments: what the bank says to it, as JSON.</summary>
    public string? Quoted { get; init; }
}
