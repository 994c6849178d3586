using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;

namespace OpenBanking.Identity.Tests;

/// <summary>What a server without payments serves, for tests that run without a host: payments are known there and not offered.</summary>
internal static class Kinds
{
    public static OfferedKinds Served { get; } = Of(ConsentKind.AccountAccess, ConsentKind.FundsConfirmation);

    /// <summary>What the product serves.</summary>
    public static OfferedKinds OfTheProduct { get; } = Of(ConsentKind.AccountAccess, ConsentKind.DomesticPayment, ConsentKind.FundsConfirmation);

    public static OfferedKinds Of(params ConsentKind[] kinds) => new(kinds.Select(kind => new ServedConsentKind(kind)));
}
