using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Storage;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>
/// Takes notices of the bank's own system, signed with a secret that it shares with us. Each counts once by its id, on whichever host and
/// however often it is sent; who sends it again hears that it was taken.
/// </summary>
internal sealed class NoticeEndpoint(AccountsDb db, CoreBankOptions options, IMediator mediator, TimeProvider time)
{
    public const string Path = "/core-bank/notices";
    private const string Header = "Core-Signature";

    /// <summary>How far the two clocks may be apart, and how long a notice may be on its way.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Always there, so that a deployment without a core looks like one with: nobody can sign where there is no secret.</summary>
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost(Path, (HttpContext http, NoticeEndpoint endpoint, CancellationToken ct) => endpoint.PostAsync(http, ct));

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        if (!await IsSignedAsync(http.Request, body.ToArray(), ct)) return Refuse(http, StatusCodes.Status401Unauthorized, "core signature");
        if (Read(body.ToArray()) is not { } said) return Refuse(http, StatusCodes.Status400BadRequest, "core notice");

        var now = time.GetUtcNow();
        var kind = said.Kind.ToString();
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO accounts.core_notices ("Id", "Kind", "AccountId", "At", "ReceivedAt") VALUES ({said.Id}, {kind}, {said.AccountId}, {said.At}, {now})
            ON CONFLICT ("Id") DO NOTHING
            """,
            ct) == 1;
        if (isNew && said.Kind != CoreNoticeKind.TransactionBooked)
            await mediator.Publish(new LinkedAccountChanged(said.AccountId, said.Kind == CoreNoticeKind.AccountSwitched ? LinkedAccountCause.Switched : LinkedAccountCause.Closed), ct);
        return Results.NoContent();
    }

    private static Said? Read(byte[] body)
    {
        try
        {
            var said = CoreJson.Read<Said>(body);
            return AccountIds.IsWellFormed(said.AccountId) ? said : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>HMAC over the second of sending and the very bytes, so that nobody sends another body, or the same one after an hour.</summary>
    private async Task<bool> IsSignedAsync(HttpRequest request, byte[] body, CancellationToken ct)
    {
        if (options.NoticeSecretFile is not { } file || request.Headers[Header] is not [{ } header]) return false;
        if (header.Split(',') is not [['t', '=', .. var second], ['v', '1', '=', .. var mac]]) return false;
        if (!long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || mac.Length != 64) return false;
        if (Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - (double)at) > Tolerance.TotalSeconds) return false;
        var key = Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(file, ct)).Trim());
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(second + ".").Concat(body).ToArray()));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(mac));
    }

    private static IResult Refuse(HttpContext http, int status, string rule)
    {
        RefusalLog.Write(http, "core notice", rule);
        return Results.StatusCode(status);
    }

    private sealed record Said(Guid Id, CoreNoticeKind Kind, string AccountId, DateTimeOffset At);
}
