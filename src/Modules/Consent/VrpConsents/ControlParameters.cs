using System.Text.Json;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>What a third party asks to be held to with variable recurring payments, read from a request that keeps the rules.</summary>
internal sealed class ControlParameters(PaymentRequest request)
{
    public const string Path = "Data.ControlParameters";

    public IReadOnlyList<string> Types => Texts("VRPType");

    public IReadOnlyList<string> AuthenticationMethods => Texts("PSUAuthenticationMethods");

    /// <summary>Empty where the third party left it open.</summary>
    public IReadOnlyList<string> InteractionTypes => Texts("PSUInteractionTypes");

    public bool IsSweeping => Types.Contains(VrpRules.Sweeping);

    public Money MostPerPayment => request.Of(Path + ".MaximumIndividualAmount") ?? throw new InvalidOperationException("A VRP consent is stored without its limit.");

    public SentDate? ValidFrom => SentDate.Of(request.Text(Path + ".ValidFromDateTime"));

    public SentDate? ValidTo => SentDate.Of(request.Text(Path + ".ValidToDateTime"));

    public IReadOnlyList<PeriodicLimit> Periods =>
    [
        .. Members.GetProperty("PeriodicLimits").EnumerateArray().Select(limit => new PeriodicLimit(
            PeriodType.Find(limit.GetProperty("PeriodType").GetString()!)!,
            limit.GetProperty("PeriodAlignment").ValueEquals("Calendar"),
            Money.Parse(limit.GetProperty("Amount").GetString()!, limit.GetProperty("Currency").GetString()!)!.Value)),
    ];

    /// <summary>The day from which periods are counted: the one that was asked for, else that of the first authorisation; the hour says nothing (OB-VRP-6).</summary>
    public DateOnly StartOf(DateTimeOffset authorised) => WorkingDays.DayOf(ValidFrom?.Moment ?? authorised);

    public VrpLimits LimitsOf(DateTimeOffset authorised) => new(StartOf(authorised), MostPerPayment, Periods);

    private JsonElement Members => request.Data.GetProperty("ControlParameters");

    private string[] Texts(string name) =>
        Members.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : [];
}
