using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>
/// The sign-in ceremony (WebAuthn §7.2). The options never name a credential, whether or not a username was typed: nothing in them
/// tells if a customer exists (PK-15), and a typed name is compared with the passkey's owner afterwards (PK-07).
/// </summary>
internal sealed class PasskeyAssertion(
    IdentityDb db, PasskeyCeremonies ceremonies, IPasskeyHandler<User> handler, RelyingParty us, FailureCounts failures, SignIns history,
    TimeProvider clock)
{
    public Task<CeremonyOptions> OptionsAsync(HttpContext http, SignInRequest request, CancellationToken ct) => OptionsAsync(
        http,
        new CeremonyPurpose(
            NormalizedUsername: string.IsNullOrWhiteSpace(request.Username) ? null : User.Normalize(request.Username),
            InteractionHash: request.Interaction is { } interaction ? Handle.HashOf(interaction) : null),
        ct);

    /// <summary>
    /// Asks who has just used a passkey for it once more: a ceremony of its own, for this customer alone, whose answer is the
    /// confirmation. The options look like all others.
    /// </summary>
    public async Task<AskedAgain> AskAgainAsync(HttpContext http, AssertedPasskey asserted, string message, CancellationToken ct) =>
        new(await OptionsAsync(http, new CeremonyPurpose(UserId: asserted.User.Id, InteractionHash: asserted.InteractionHash), ct), message);

    private async Task<CeremonyOptions> OptionsAsync(HttpContext http, CeremonyPurpose purpose, CancellationToken ct)
    {
        var made = await handler.MakeRequestOptionsAsync(user: null, http);
        var handle = await ceremonies.BeginAsync(http, CeremonyKind.SignIn, made.RequestOptionsJson, made.AssertionState!, purpose, ct);
        return new CeremonyOptions(handle, made.RequestOptionsJson);
    }

    /// <summary>Verifies the answer; a passkey comes out only when its owner used it for this very ceremony.</summary>
    public async Task<Outcome<AssertedPasskey, PasskeyRefusal>> FinishAsync(HttpContext http, CeremonyAnswer answer, CancellationToken ct)
    {
        if ((await ceremonies.ConsumeAsync(http, CeremonyKind.SignIn, answer.Ceremony, ct)).Failed(out var refusal, out var ceremony)) return refusal;
        var interactionHash = answer.Interaction is { } interaction ? Handle.HashOf(interaction) : null;
        if (!(interactionHash ?? []).AsSpan().SequenceEqual(ceremony.InteractionHash ?? [])) return new PasskeyRefusal("PK-06");
        return await VerifyAsync(http, ceremony, answer.Credential, ct);
    }

    /// <summary>Verifies an assertion for a ceremony that it has used up, whatever the ceremony was for.</summary>
    public async Task<Outcome<AssertedPasskey, PasskeyRefusal>> VerifyAsync(HttpContext http, PasskeyCeremony ceremony, JsonElement answer, CancellationToken ct)
    {
        var address = http.Connection.RemoteIpAddress;
        if (PasskeyCredential.ReadAssertion(answer).Failed(out var refusal, out var credential))
        {
            await failures.CountAsync(account: null, address, ct);
            return refusal;
        }

        // A removed passkey is one that was never there (PK-16).
        if (await db.Passkeys.FirstOrDefaultAsync(row => row.CredentialId == credential.Id, ct) is not { } passkey)
        {
            await failures.CountAsync(account: null, address, ct);
            return new PasskeyRefusal("PK-16");
        }

        var owner = await db.Users.FirstAsync(user => user.Id == passkey.UserId, ct);

        refusal = PasskeyChecks.FirstRefusal(credential, ceremony, us)
            ?? OwnerIsMeant(credential, ceremony, owner)
            ?? BackupEligibilityIsAsStored(credential, passkey)
            ?? await SignatureIsGoodAsync(http, credential, ceremony);
        if (refusal is not null)
        {
            await history.RecordAsync(http, owner.Id, SignInOutcome.Failed, passkey.Name, clientName: null, decision: null, ct);
            await failures.CountAsync(owner.NormalizedUsername, address, ct);
            return refusal;
        }

        if (!await CounterGoesUpAsync(credential, passkey, ct))
        {
            await history.RecordAsync(http, owner.Id, SignInOutcome.PasskeySuspected, passkey.Name, clientName: null, decision: null, ct);
            await failures.CountAsync(owner.NormalizedUsername, address, ct);
            return new PasskeyRefusal("PK-10");
        }

        return new AssertedPasskey(owner, passkey, ceremony.InteractionHash, HasConfirmed: ceremony.UserId is not null);
    }

    private static PasskeyRefusal? OwnerIsMeant(PasskeyCredential credential, PasskeyCeremony ceremony, User owner)
    {
        var isOwner = credential.UserHandle.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(owner.Id.ToString("D")));
        var isNamed = ceremony.NormalizedUsername is null || ceremony.NormalizedUsername == owner.NormalizedUsername;
        var isAsked = ceremony.UserId is null || ceremony.UserId == owner.Id;
        return isOwner && isNamed && isAsked ? null : new PasskeyRefusal("PK-07");
    }

    private static PasskeyRefusal? BackupEligibilityIsAsStored(PasskeyCredential credential, Passkey passkey) =>
        credential.Flags.HasFlag(AuthenticatorFlags.BackupEligible) == passkey.IsBackupEligible ? null : new PasskeyRefusal("PK-14");

    // All the rest was judged above, so what the handler still refuses is the signature.
    private async Task<PasskeyRefusal?> SignatureIsGoodAsync(HttpContext http, PasskeyCredential credential, PasskeyCeremony ceremony)
    {
        var result = await handler.PerformAssertionAsync(
            new PasskeyAssertionContext { HttpContext = http, CredentialJson = credential.Json, AssertionState = ceremony.State });
        return result.Succeeded ? null : new PasskeyRefusal("PK-09");
    }

    // 0 and 0 is a synced passkey, which has no counter. Otherwise it must have grown since the last use, and the comparison is part
    // of the update: of a key and its copy at one moment, one is refused (PK-10).
    private async Task<bool> CounterGoesUpAsync(PasskeyCredential credential, Passkey passkey, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var isBackedUp = credential.Flags.HasFlag(AuthenticatorFlags.BackedUp);
        var count = credential.SignCount;
        var updated = await db.Passkeys
            .Where(row => row.Id == passkey.Id && (row.SignCount < count || (row.SignCount == 0 && count == 0)))
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.SignCount, count)
                    .SetProperty(row => row.IsBackedUp, isBackedUp)
                    .SetProperty(row => row.LastUsedAt, now),
                ct);
        if (updated == 1) return true;
        await db.Passkeys
            .Where(row => row.Id == passkey.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.SuspectedAt, now), ct);
        return false;
    }
}

/// <summary>A passkey that its owner has just used.</summary>
/// <param name="HasConfirmed">It was the second time in a row, because the policy wanted it again.</param>
internal sealed record AssertedPasskey(User User, Passkey Passkey, byte[]? InteractionHash, bool HasConfirmed)
{
    /// <summary>What it has signed, where that was an approval.</summary>
    public PasskeySignature? Signature { get; init; }

    /// <summary>How (RFC 8176): a key in hardware or one that is synced, with a test of presence, two factors in one.</summary>
    public string[] Amr => [Passkey.IsBackupEligible ? "swk" : "hwk", "user", "mfa"];
}
