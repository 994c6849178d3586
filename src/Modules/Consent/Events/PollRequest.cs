using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Events;

/// <summary>What a third party asks for and what it has received, as it said (OBEventPolling1).</summary>
/// <param name="MaxEvents">How many it wants; 0 is none, null is as many as there may be.</param>
/// <param name="MayWait">Whether it would wait for events where there are none.</param>
/// <param name="Acknowledged">The <c>jti</c> of what it has.</param>
/// <param name="Rejected">The <c>jti</c> of what it cannot use, and what is wrong with it.</param>
internal sealed record PollRequest(int? MaxEvents, bool MayWait, IReadOnlyList<string> Acknowledged, IReadOnlyDictionary<string, string> Rejected)
{
    private const int LongestId = 128;
    private const int LongestError = 40;
    private const int LongestDescription = 256;

    /// <summary>Reads the members. Who says nothing of <c>returnImmediately</c> is answered at once; RFC 8936 has it the other way, and few clients expect to wait.</summary>
    public static Outcome<PollRequest, ApiError> From(JsonElement body)
    {
        var members = new BodyMembers();
        members.Only(body, "", "maxEvents", "returnImmediately", "ack", "setErrs");
        var most = members.Integer(body, "maxEvents");
        if (most < 0) members.Faults.Add(Wrong("Must be 0 or more.", "maxEvents"));
        var atOnce = members.Flag(body, "returnImmediately") ?? true;
        var acknowledged = members.Texts(body, "ack") ?? [];
        for (var at = 0; at < acknowledged.Count; at++) Bounded(acknowledged[at], LongestId, $"ack[{at}]", members);
        var rejected = new Dictionary<string, string>(StringComparer.Ordinal);
        if (members.Object(body, "setErrs") is { } errors)
        {
            foreach (var error in errors.EnumerateObject()) rejected[error.Name] = ReadError(errors, error.Name, members);
        }

        return members.Faults.Count > 0 ? ApiError.BadRequest(members.Faults) : new PollRequest(most, !atOnce, acknowledged, rejected);
    }

    private static string ReadError(JsonElement errors, string id, BodyMembers members)
    {
        if (members.Object(errors, id, "setErrs") is not { } error) return "";
        var at = "setErrs." + Shortened.To(LongestId, id);
        return $"{Needed("err", LongestError)}: {Needed("description", LongestDescription)}";

        string Needed(string name, int longest)
        {
            var text = members.Text(error, name, at);
            if (text is not null) Bounded(text, longest, $"{at}.{name}", members);
            else if (!error.TryGetProperty(name, out _)) members.Faults.Add(new ApiFault("U004", "OB-EVT-9", $"{name} is missing.", $"{at}.{name}"));
            return text ?? "";
        }
    }

    private static void Bounded(string text, int longest, string path, BodyMembers members)
    {
        // The database has no place for a NUL.
        if (text.Length < 1 || text.Length > longest || text.Contains('\0', StringComparison.Ordinal)) members.Faults.Add(Wrong($"Must be 1 to {longest} characters.", path));
    }

    private static ApiFault Wrong(string message, string path) => new("U002", "OB-EVT-9", message, path);
}
