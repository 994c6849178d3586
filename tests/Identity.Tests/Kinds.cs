using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;

namespace OpenBanking.Identity.Tests;

/// <summary>What the product serves at present, for tests that run without a host.</summary>
internal static class Kinds
{
    public static OfferedKinds Served { get; } = Of(ConsentKind.AccountAccess, ConsentKind.DomesticPayment, ConsentKind.FundsConfirmation);

    public static OfferedKinds Of(params ConsentKind[] kinds) => new(kinds.Select(kind => new ServedConsentKind(kind)));
}
