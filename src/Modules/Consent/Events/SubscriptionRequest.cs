using System.Text.Json;
using FluentValidation;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Events;

/// <summary>What a third party asks for, as it asked (OBEventSubscription1); members are null where they are absent.</summary>
/// <param name="Id">Only when it changes a subscription (OBEventSubscriptionResponse1).</param>
internal sealed record SubscriptionRequest(bool HasData, string? Id, string? CallbackUrl, string? Version, IReadOnlyList<string>? EventTypes)
{
    /// <summary>Reads the members; what a change repeats of an answer beside its data says nothing.</summary>
    public static Outcome<SubscriptionRequest, ApiError> From(JsonElement body, bool isChange)
    {
        var members = new BodyMembers();
        if (isChange) members.Only(body, "", "Data", "Links", "Meta");
        else members.Only(body, "", "Data");
        var request = members.Object(body, "Data") is { } data
            ? new SubscriptionRequest(
                true,
                isChange ? members.Text(data, "EventSubscriptionId", "Data") : null,
                members.Text(data, "CallbackUrl", "Data"),
                members.Text(data, "Version", "Data"),
                members.Texts(data, "EventTypes", "Data"))
            : new SubscriptionRequest(false, null, null, null, null);
        return members.Faults.Count > 0 ? ApiError.BadRequest(members.Faults) : request;
    }
}

/// <summary>What a subscription must keep. Error codes are the standard's; the state of a rule is its id.</summary>
internal sealed class SubscriptionRequestValidator : AbstractValidator<SubscriptionRequest>
{
    /// <summary>What a callback address ends in: the version of event notifications, and their name (OB-EVT-2).</summary>
    public const string End = "/open-banking/v4.0/event-notifications";

    private const int LongestAddress = 2000;

    /// <summary>Of event notifications there is one version here, however its users write it.</summary>
    private static readonly string[] Versions = ["4.0", "v4.0", "4.0.1", "v4.0.1"];

    public SubscriptionRequestValidator(OutboundRules outbound)
    {
        RuleFor(request => request.HasData).Equal(true)
            .WithErrorCode("U004").WithState(_ => "OB-EVT-2").WithMessage("Data is missing.").OverridePropertyName("Data");
        When(request => request.HasData, () =>
        {
            RuleFor(request => request.CallbackUrl).Cascade(CascadeMode.Stop)
                .Must(address => address is null || OutboundHttp.Problem(address, outbound.AllowLoopback) is null)
                .WithErrorCode("U002").WithState(_ => "OB-EVT-15").WithMessage("Must be an https address that anybody on the internet can reach, on port 443 or 8443.")
                .Must(address => address is null || EndsAsItMust(address))
                .WithErrorCode("U002").WithState(_ => "OB-EVT-2").WithMessage("Must end in " + End + ".")
                .OverridePropertyName("Data.CallbackUrl");
            RuleFor(request => request.Version).Cascade(CascadeMode.Stop)
                .NotNull().WithErrorCode("U004").WithState(_ => "OB-EVT-2").WithMessage("Version is missing.")
                .Must(version => Versions.Contains(version)).WithErrorCode("U002").WithState(_ => "OB-EVT-2").WithMessage("Only version 4.0 of event notifications is offered.")
                .OverridePropertyName("Data.Version");
            RuleForEach(request => request.EventTypes).Must(type => EventType.Named(type) is not null)
                .WithErrorCode("U024").WithState(_ => "OB-EVT-2").WithMessage("There are no events of this type here.").OverridePropertyName("Data.EventTypes");
        });
    }

    /// <summary>Everything that is wrong, in document order (OB-ERR-5); null where nothing is.</summary>
    public ApiError? FirstRefusal(SubscriptionRequest request)
    {
        var faults = Validate(request).Errors
            .Select(error => new ApiFault(error.ErrorCode, (string)error.CustomState, error.ErrorMessage, error.PropertyName))
            .ToList();
        return faults.Count > 0 ? ApiError.BadRequest(faults) : null;
    }

    // The path itself, not a query that ends alike.
    private static bool EndsAsItMust(string address) =>
        address.Length <= LongestAddress && new Uri(address) is { Query.Length: 0 } uri && uri.AbsolutePath.EndsWith(End, StringComparison.Ordinal);
}
