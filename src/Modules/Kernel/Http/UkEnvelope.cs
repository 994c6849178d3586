using System.Text.Json.Serialization;

namespace OpenBanking.Kernel.Http;

/// <summary>Where this resource and its neighbours are, each an absolute URI (OB-PAG-1, OB-PAG-2).</summary>
public sealed record Links(
    string Self,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Prev = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next = null);

/// <summary>What is known of the whole listing. Present in every answer, since v4.0 makes it mandatory (OB-PAG-8) and v4.0.1 does not mind (OB-V401-4).</summary>
public sealed record Meta([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? TotalPages)
{
    /// <summary>The range that exists at all, where it is known (OB-PAG-7).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FirstAvailableDateTime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastAvailableDateTime { get; init; }

    public static readonly Meta OnePage = new(1);

    /// <summary>How many pages there are is not counted, because it would have to be right.</summary>
    public static readonly Meta OfMany = new((int?)null);
}
