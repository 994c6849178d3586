using Npgsql;
using OpenBanking.Kernel;

namespace OpenBanking.Testing.Tpp;

/// <summary>
/// Approved consents by the thousand. One was asked for, approved and redeemed as any; the others are copies of it in the database, each with a
/// grant and a token of its own.
/// </summary>
public static class ConsentCopies
{
    private const string Copy =
        """
        WITH wanted AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) AS w (consent, grant_id, account, token)),
        consents AS (
            INSERT INTO consent.consents SELECT r.* FROM wanted w, consent.consents m,
                jsonb_populate_record(NULL::consent.consents, to_jsonb(m)
                    || jsonb_build_object('Id', w.consent, 'AccountIds', CASE WHEN w.account = '' THEN to_jsonb(m."AccountIds") ELSE jsonb_build_array(w.account) END, 'StateChangedAt', now())) r
            WHERE m."Id" = $5),
        grants AS (
            INSERT INTO identity.grants SELECT r.* FROM wanted w, identity.grants m,
                jsonb_populate_record(NULL::identity.grants, to_jsonb(m) || jsonb_build_object('Id', w.grant_id, 'ConsentId', w.consent)) r
            WHERE m."ConsentId" = $5)
        INSERT INTO identity.access_tokens SELECT r.* FROM wanted w, identity.access_tokens m,
            jsonb_populate_record(NULL::identity.access_tokens, to_jsonb(m)
                || jsonb_build_object('Hash', w.token, 'Id', gen_random_uuid(), 'GrantId', w.grant_id, 'ExpiresAt', now() + interval '1 day')) r
        WHERE m."Hash" = $6
        """;

    /// <param name="accountIds">What they are for, in turns; null for what the model is for.</param>
    public static async Task<IReadOnlyList<(string ConsentId, string Token)>> MakeAsync(
        NpgsqlDataSource database, string consentId, string token, int count, IReadOnlyList<string>? accountIds = null)
    {
        var tokens = Enumerable.Range(0, count).Select(_ => Handle.New()).ToList();
        var consents = tokens.Select(_ => consentId[..(consentId.IndexOf('-', StringComparison.Ordinal) + 1)] + Guid.NewGuid().ToString("N")).ToArray();
        await using var copy = database.CreateCommand(Copy);
        copy.Parameters.Add(new() { Value = consents });
        copy.Parameters.Add(new() { Value = consents.Select(_ => Guid.CreateVersion7()).ToArray() });
        copy.Parameters.Add(new() { Value = consents.Select((_, number) => accountIds?[number % accountIds.Count] ?? "").ToArray() });
        copy.Parameters.Add(new() { Value = tokens.Select(handle => "\\x" + Convert.ToHexStringLower(handle.Hash)).ToArray() });
        copy.Parameters.Add(new() { Value = consentId });
        copy.Parameters.Add(new() { Value = Handle.HashOf(token) });
        copy.CommandTimeout = 60;
        if (await copy.ExecuteNonQueryAsync() < count) throw new InvalidOperationException("The approved consent could not be copied.");
        return [.. consents.Zip(tokens, (consent, handle) => (consent, handle.Value))];
    }
}
