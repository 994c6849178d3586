namespace OpenBanking.Web.Portal.Performance;

/// <summary>How available and how fast the bank's interfaces were, day by day (RTS article 32; OB-OPS-1): the page, and the JSON of it.</summary>
/// <param name="From">The first day; days begin and end at midnight UTC.</param>
/// <param name="MeasuredUntil">Until when it is known.</param>
/// <param name="Days">Each day once for each interface.</param>
/// <param name="Endpoints">Each day once for each endpoint that was called.</param>
/// <param name="Maintenance">What the bank has announced for these days, and what is still to come.</param>
public sealed record PerformanceReport(
    DateOnly From,
    DateOnly To,
    DateTimeOffset MeasuredUntil,
    IReadOnlyList<InterfaceDay> Days,
    IReadOnlyList<EndpointDay> Endpoints,
    IReadOnlyList<AnnouncedMaintenance> Maintenance);

/// <summary>A day of an interface (OB-OPS-2, OB-OPS-3).</summary>
/// <param name="Interface">thirdParties is the dedicated interface, customers the portal, to compare it with.</param>
/// <param name="UptimePercent">Null on a day that was not measured.</param>
/// <param name="Refused">Answered with 4xx: what was asked was not to be had.</param>
/// <param name="Failed">Answered with 5xx, or later than 30 seconds.</param>
/// <param name="ErrorPercent">Those that failed, of all.</param>
/// <param name="PaymentMilliseconds">Mean time to the last byte, of what payment initiation services ask; the next two of account information and of funds confirmation.</param>
/// <param name="OtherMilliseconds">Of everything else: consents, tokens, events; of the portal, its pages.</param>
public sealed record InterfaceDay(
    DateOnly Day,
    string Interface,
    decimal? UptimePercent,
    decimal? DowntimePercent,
    int? DowntimeSeconds,
    int? PlannedDowntimeSeconds,
    long Requests,
    long Refused,
    long Failed,
    decimal? ErrorPercent,
    decimal? PaymentMilliseconds,
    decimal? AccountMilliseconds,
    decimal? FundsMilliseconds,
    decimal? OtherMilliseconds)
{
    public const string ThirdParties = "thirdParties";
    public const string Customers = "customers";
}

/// <summary>A day of an endpoint, or all days together.</summary>
/// <param name="Day">Null of all days together.</param>
/// <param name="MeanMilliseconds">To the last byte, of what did not fail; the next three: within how much half, 95 and 99 of a hundred were answered.</param>
public sealed record EndpointDay(
    DateOnly? Day,
    string Endpoint,
    string Service,
    long Requests,
    long Refused,
    long Failed,
    decimal? ErrorPercent,
    decimal? MeanMilliseconds,
    decimal? MedianMilliseconds,
    decimal? Percentile95Milliseconds,
    decimal? Percentile99Milliseconds);

/// <summary>A time for which the bank has announced that it will not be available: downtime within it is planned.</summary>
public sealed record AnnouncedMaintenance(DateTimeOffset From, DateTimeOffset To, string Why, DateTimeOffset AnnouncedAt);
