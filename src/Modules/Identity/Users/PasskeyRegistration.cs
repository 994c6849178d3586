using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>
/// The registration ceremony (WebAuthn §7.1), for who brings an activation code and for signed-in customers who add a passkey. Whose
/// passkey it becomes is decided when the options are made, from our own records (PK-12).
/// </summary>
internal sealed class PasskeyRegistration(
    IdentityDb db, PasskeyCeremonies ceremonies, IPasskeyHandler<User> handler, RelyingParty us, Activations activations, PortalSessions sessions, KnownDevices devices,
    SignIns history, TimeProvider clock)
{
    public async Task<Outcome<CeremonyOptions, PasskeyRefusal>> OptionsAsync(HttpContext http, RegistrationRequest request, CancellationToken ct)
    {
        if ((await WhoAsync(http, request, ct)).Failed(out var refusal, out var who)) return refusal;

        var made = await handler.MakeCreationOptionsAsync(
            new PasskeyUserEntity { Id = who.User.Id.ToString("D"), Name = who.User.Username, DisplayName = who.User.DisplayName }, http);
        var handle = await ceremonies.BeginAsync(
            http, CeremonyKind.Registration, made.CreationOptionsJson, made.AttestationState!, new CeremonyPurpose(who.User.Id, who.CodeHash), ct);
        return new CeremonyOptions(handle, made.CreationOptionsJson);
    }

    public async Task<PasskeyRefusal?> FinishAsync(HttpContext http, CeremonyAnswer answer, CancellationToken ct)
    {
        if ((await ceremonies.ConsumeAsync(http, CeremonyKind.Registration, answer.Ceremony, ct)).Failed(out var refusal, out var ceremony)) return refusal;
        if (PasskeyCredential.ReadAttestation(answer.Credential).Failed(out refusal, out var credential)) return refusal;
        if (PasskeyChecks.FirstRefusal(credential, ceremony, us) is { } broken) return broken;
        if (await db.Passkeys.AnyAsync(row => row.CredentialId == credential.Id, ct)) return new PasskeyRefusal("PK-11");

        // The attestation statement is not asked for and not looked at: whatever it claims, it is treated as none (PK-14).
        var result = await handler.PerformAttestationAsync(
            new PasskeyAttestationContext { HttpContext = http, CredentialJson = credential.Json, AttestationState = ceremony.State });
        if (!result.Succeeded || !PasskeyPublicKey.IsAcceptable(result.Passkey.PublicKey)) return new PasskeyRefusal("PK-13");

        var userId = ceremony.UserId!.Value;
        if (ceremony.ActivationHash is { } code)
        {
            if (!await activations.SpendAsync(userId, code, ct)) return new PasskeyRefusal("PO-14");
        }
        else if (await FreshSessionAsync(http, ct) is not { } session || session.UserId != userId)
        {
            return new PasskeyRefusal("PK-12");
        }

        var name = await NameAsync(userId, answer.Name, ct);
        if (!await StoreAsync(userId, name, credential, result.Passkey, ct)) return new PasskeyRefusal("PK-11");

        if (ceremony.ActivationHash is not null)
        {
            // Who had a code may have taken over from somebody else's hands: all sessions end (PO-14).
            await sessions.EndAsync(row => row.UserId == userId, ct);
            await devices.RememberAsync(http, userId, ct);
        }

        var outcome = ceremony.ActivationHash is null ? SignInOutcome.PasskeyAdded : SignInOutcome.Activated;
        await history.RecordAsync(http, userId, outcome, name, clientName: null, decision: null, ct);
        return null;
    }

    private async Task<Outcome<Who, PasskeyRefusal>> WhoAsync(HttpContext http, RegistrationRequest request, CancellationToken ct)
    {
        if (request.Username is { } username && request.ActivationCode is { } code)
        {
            if ((await activations.FindAsync(http, username, code, ct)).Failed(out var refusal, out var activation)) return refusal;
            return new Who(activation.User, activation.CodeHash);
        }

        if (await FreshSessionAsync(http, ct) is not { } session) return new PasskeyRefusal("PK-12");
        return new Who(await db.Users.FirstAsync(user => user.Id == session.UserId, ct), CodeHash: null);
    }

    private async Task<PortalSession?> FreshSessionAsync(HttpContext http, CancellationToken ct) =>
        http.Request.Cookies[PortalSessions.Cookie] is { Length: > 0 } secret
        && await sessions.FindAsync(secret, ct) is { } session
        && sessions.IsFresh(session)
            ? session
            : null;

    private async Task<string> NameAsync(Guid userId, string? wanted, CancellationToken ct) =>
        Passkey.AllowedName(wanted) ?? $"Passkey {await db.Passkeys.CountAsync(row => row.UserId == userId, ct) + 1}";

    // The unique index decides, not the look beforehand: two customers may bring one credential id at one moment (PK-11).
    private async Task<bool> StoreAsync(Guid userId, string name, PasskeyCredential credential, UserPasskeyInfo passkey, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.passkeys
                ("Id", "CredentialId", "UserId", "PublicKey", "Name", "CreatedAt", "SignCount", "Transports", "IsBackupEligible", "IsBackedUp")
            VALUES ({Guid.CreateVersion7(now)}, {passkey.CredentialId}, {userId}, {passkey.PublicKey}, {name}, {now},
                {credential.SignCount}, {passkey.Transports ?? []}, {passkey.IsBackupEligible}, {passkey.IsBackedUp})
            ON CONFLICT DO NOTHING
            """,
            ct) == 1;
    }

    private sealed record Who(User User, byte[]? CodeHash);
}
