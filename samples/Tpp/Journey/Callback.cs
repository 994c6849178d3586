using OpenBanking.Kernel;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>What the browser brought back from the bank. Anybody can send a browser here, so nothing of it is believed yet.</summary>
internal sealed record Callback(string? State, string? Issuer, string? Code, string? Error, string? ErrorDescription)
{
    /// <summary>Reads the parameters; one that comes twice could be read two ways, so it counts as none of ours.</summary>
    public static Outcome<Callback, Problem> Read(IQueryCollection query)
    {
        string[] names = ["state", "iss", "code", "error", "error_description"];
        if (names.Any(name => query[name].Count > 1)) return new Problem(Stop.NotOurs, "a parameter came twice");
        return new Callback(query["state"], query["iss"], query["code"], query["error"], query["error_description"]);
    }

    /// <summary>
    /// The code, if this is the answer to the journey that this very browser began. The journey has been taken out of the session by
    /// now, so an answer is good for one look.
    /// </summary>
    /// <param name="pending">The session's journey with this state; null where it has none.</param>
    public Outcome<string, Problem> Judge(PendingJourney? pending, DateTimeOffset now)
    {
        // Another browser's state: somebody wants this customer to use his connection, or the other way round.
        if (pending is null || !string.Equals(State, pending.State, StringComparison.Ordinal))
            return new Problem(Stop.NotOurs, "state is not one of this browser's journeys");

        // Errors are measured like codes: another bank must not end our journey either (RFC 9207, 2.4).
        if (!string.Equals(Issuer, pending.Issuer, StringComparison.Ordinal))
            return new Problem(Stop.NotTrusted, "iss is not the bank that the customer was sent to");
        if (now >= pending.StartedAt + PendingJourney.Lifetime) return new Problem(Stop.TimedOut, "the journey took too long");
        if (Error is not null) return new Problem(StopOf(Error, ErrorDescription), Detail(Error, ErrorDescription));
        return string.IsNullOrEmpty(Code) ? new Problem(Stop.NotTrusted, "neither code nor error") : Code;
    }

    private static Stop StopOf(string error, string? description) => error switch
    {
        "access_denied" when SpeaksOfTime(description) => Stop.TimedOut,
        "access_denied" => Stop.Declined,
        "temporarily_unavailable" or "server_error" => Stop.BankUnreachable,
        _ when SpeaksOfTime(description) => Stop.TimedOut,
        _ => Stop.BankRefused,
    };

    // No standard gives a timeout an error code of its own.
    private static bool SpeaksOfTime(string? description) =>
        description is not null
        && (description.Contains("time", StringComparison.OrdinalIgnoreCase) || description.Contains("expired", StringComparison.OrdinalIgnoreCase));

    private static string Detail(string error, string? description)
    {
        var text = description is null ? error : $"{error}: {description}";
        return text.Length > 300 ? text[..300] : text;
    }
}
