using System.Globalization;
using System.Text.Json;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;

namespace OpenBanking.Samples.ResourceServer;

/// <summary>Money that a third party puts aside for a customer, out of the accounts that the customer has chosen.</summary>
internal sealed class SavingsApi(SavingsOptions options)
{
    private const string Scope = "accounts";
    private const string Sca = "urn:openbanking:psd2:sca";
    private static readonly StepUp Recent = new([Sca], TimeSpan.FromMinutes(5));

    /// <summary>What a third party asks to have put aside.</summary>
    internal sealed record Transfer(string? AccountId, string? Amount);

    public static void Map(WebApplication app)
    {
        var api = new SavingsApi(app.Services.GetRequiredService<SavingsOptions>());
        app.MapGet("/health", () => Results.Text("ok"));
        app.MapGet("/savings/accounts", (HttpContext http) => Results.Json(new { Accounts = Allowed(http.AccessToken()) }))
            .RequireAccessToken(Scope, TokenKind.Customer);
        app.MapPost("/savings/transfers", (HttpContext http, Transfer transfer) => api.Take(http, transfer))
            .RequireAccessToken(Scope, TokenKind.Customer);

        // Ends everything at once, so it always wants the customer to have been there just now.
        app.MapDelete("/savings", () => Results.NoContent())
            .RequireAccessToken(Scope, TokenKind.Customer)
            .RequireAuthentication(Recent);
    }

    private IResult Take(HttpContext http, Transfer transfer)
    {
        if (transfer.AccountId is not { } accountId) return ApiError.BadRequest("U002", "OB-ERR-4", "AccountId is missing.", "AccountId");
        if (!decimal.TryParse(transfer.Amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount <= 0)
            return ApiError.BadRequest("U002", "OB-ERR-4", "Amount is not an amount.", "Amount");

        // Before anything of the account is said (STEP-07), and before 403 (STEP-08).
        if (amount > options.FreshAbove && Recent.FirstRefusal(http) is { } refusal) return refusal;
        return Allowed(http.AccessToken()).Contains(accountId, StringComparer.Ordinal)
            ? Results.Json(new { AccountId = accountId, transfer.Amount, Status = "Accepted" }, statusCode: StatusCodes.Status202Accepted)
            : ApiError.Forbidden("U011", "OB-HTTP-5", "The consent does not cover this account.");
    }

    /// <summary>The accounts that the customer has chosen: part of what they allowed, so they stand in the token's details (RFC 9396).</summary>
    private static string[] Allowed(VerifiedToken token) => token.AuthorizationDetails.ValueKind != JsonValueKind.Array
        ? []
        :
        [
            .. token.AuthorizationDetails.EnumerateArray()
                .Where(detail => Claims.Text(detail, "type") == "account_information" && detail.TryGetProperty("accounts", out var accounts) && accounts.ValueKind == JsonValueKind.Array)
                .SelectMany(detail => detail.GetProperty("accounts").EnumerateArray())
                .Where(account => account.ValueKind == JsonValueKind.String)
                .Select(account => account.GetString()!),
        ];
}
