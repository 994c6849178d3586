using System.Text.Json.Serialization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>A consent as its third party sees it (OBReadConsentResponse1).</summary>
internal sealed record ConsentResource(ConsentResource.Body Data, ConsentResource.NoRisk Risk, Links Links, Meta Meta)
{
    internal sealed record Body(
        string ConsentId,
        string CreationDateTime,
        string Status,
        IReadOnlyList<StatusReason>? StatusReason,
        string StatusUpdateDateTime,
        IReadOnlyList<string> Permissions,
        string? ExpirationDateTime,
        string? TransactionFromDateTime,
        string? TransactionToDateTime);

    /// <summary>The schema wants the object and allows no member in it.</summary>
    internal sealed record NoRisk
    {
        public static readonly NoRisk Instance = new();
    }

    public static ConsentResource Of(ConsentRecord consent, string self) => new(
        new Body(
            consent.Id,
            IsoDateTime.ToWire(consent.CreatedAt),
            consent.State.ToString(),
            StatusReason.Of(consent),
            IsoDateTime.ToWire(consent.StateChangedAt),
            consent.Permissions,
            consent.ExpirationOnWire,
            consent.TransactionsFromOnWire,
            consent.TransactionsToOnWire),
        NoRisk.Instance,
        new Links(self),
        Meta.OnePage);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConsentResource))]
internal sealed partial class ConsentWire : JsonSerializerContext;
