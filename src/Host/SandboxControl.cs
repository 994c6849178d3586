using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Payments.Contracts;

namespace OpenBanking.Host;

/// <summary>
/// What a tester can make happen, at <c>/sandbox/control</c>: only in the sandbox (elsewhere nothing is routed and the answer is 404),
/// only with the secret from <c>sandbox.json</c>.
/// </summary>
internal sealed class SandboxControl(SandboxSecret secret, SandboxClock clock, HostDatabase database, SandboxCustomers customers, SandboxDirectory directory, IMediator mediator)
{
    /// <summary>Of each access; as many as its page shows.</summary>
    private const int MostChecks = 100;

    /// <summary>Every operation a tester may know of; those without a handler come with what they work on.</summary>
    private static readonly Operation[] Operations =
    [
        new("clock", "The product's clock against the real one, in milliseconds; 0 puts it back.",
            [new("offsetMilliseconds", "integer")], (control, given, ct) => control.MoveClockAsync(given, ct)),
        new("revoke", "The customer cancels an access.",
            [new("customer", "string"), new("consentId", "string")], (control, given, ct) => control.RevokeAsync(given, ct)),
        new("setting", "One of the bank's documented choices.", [new("name", "string"), new("value", null)]),
        new("balance", "The account's balance at the core.", [new("accountId", "string"), new("amount", null)],
            (control, given, ct) => control.LedgerAsync(given, account => new SetSandboxBalance(account, given.GetProperty("amount")), ct)),
        new("book", "Books transactions.", [new("accountId", "string"), new("transactions", "array")],
            (control, given, ct) => control.LedgerAsync(given, account => new BookSandboxTransactions(account, given.GetProperty("transactions")), ct)),
        new("remove", "Takes a pending transaction away.", [new("accountId", "string"), new("transactionId", "string")],
            (control, given, ct) => control.LedgerAsync(given, account => new RemoveSandboxTransaction(account, given.GetProperty("transactionId").GetString()!), ct)),
        new("account", "Closes, freezes or opens an account.", [new("accountId", "string"), new("state", "string")],
            (control, given, ct) => control.LedgerAsync(given, account => new SetSandboxAccountState(account, given.GetProperty("state").GetString()!), ct)),
        new("refuse", "The core refuses the next payment.", [new("code", "string")],
            (control, given, ct) => control.PaymentAsync(new RefuseNextPayment(given.GetProperty("code").GetString()!), ct)),
        new("down", "The core does not answer, or slowly.", [new("on", "boolean"), new("delayMilliseconds", "integer", Optional: true)]),
        new("lose", "The next order is carried out, but the core's answer never arrives.", [],
            (control, _, ct) => control.PaymentAsync(new LoseNextAnswer(), ct)),
        new("fields", "The core answers with fields nobody asked for.", [new("on", "boolean")]),
        new("order", "The scheme moves an order.", [new("id", "string"), new("status", "string"), new("reason", "string", Optional: true)],
            (control, given, ct) => control.PaymentAsync(
                new MoveSandboxOrder(given.GetProperty("id").GetString()!, given.GetProperty("status").GetString()!, Claims.Text(given, "reason")), ct)),
        new("refund", "The payee returns the money.", [new("id", "string")],
            (control, given, ct) => control.PaymentAsync(new RefundSandboxOrder(given.GetProperty("id").GetString()!), ct)),
        new("decide", "The second approver decides.", [new("orderId", "string"), new("decision", "string")]),
        new("history", "The changes of a consent.",
            [new("consentId", "string")], (control, given, ct) => control.HistoryAsync(given, ct)),
        new("debits", "What the core was told to pay under a consent.", [new("consentId", "string")],
            (control, given, ct) => control.DebitsAsync(given, ct)),
        new("checks", "The customer's view of funds checks.", [new("customer", "string")], (control, given, ct) => control.ChecksAsync(given, ct)),
        new("keys", "The directory's key set of a client.", [new("client", "string"), new("jwks", "object")], (control, given, ct) => control.ReplaceKeysAsync(given, ct)),
        new("suspend", "The directory suspends a client.", [new("client", "string"), new("on", "boolean")], (control, given, ct) => control.SuspendAsync(given, ct)),
        new("contract", "An exchange-rate contract.", [new("id", "string"), new("from", "string"), new("to", "string"), new("rate", null)]),
    ];

    public static void Map(WebApplication app)
    {
        app.MapGet("/sandbox/control", (HttpContext http, SandboxControl control) => control.List(http));
        app.MapPost("/sandbox/control", (HttpContext http, SandboxControl control) => control.PostAsync(http, http.RequestAborted));
    }

    private IResult List(HttpContext http) => IsAllowed(http)
        ? Results.Json(new JsonObject { ["operations"] = new JsonArray([.. Operations.Select(operation => (JsonNode)operation.Describe())]) })
        : NotAllowed(http);

    private async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if (!IsAllowed(http)) return NotAllowed(http);
        if (!http.Request.HasJsonContentType()) return Problem("the body must be application/json");
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        if (!StrictJson.TryParseObject(body.GetBuffer().AsSpan(0, (int)body.Length), out var given)) return Problem("the body is not one JSON object");
        if (!given.TryGetProperty("operation", out var name) || name.ValueKind != JsonValueKind.String)
            return Problem("the body must be an object with the text \"operation\"");
        if (Operations.FirstOrDefault(operation => name.ValueEquals(operation.Name)) is not { } wanted)
            return Problem("there is no such operation; GET lists them");
        if (wanted.FirstProblem(given) is { } problem) return Problem(problem);
        return wanted.Run is { } run
            ? await run(this, given, ct)
            : Results.Json(new { error = $"the operation {wanted.Name} is not in this build" }, statusCode: StatusCodes.Status501NotImplemented);
    }

    private async Task<IResult> MoveClockAsync(JsonElement given, CancellationToken ct)
    {
        if (!given.GetProperty("offsetMilliseconds").TryGetInt64(out var offset) || Math.Abs((double)offset) > SandboxClock.Furthest.TotalMilliseconds)
            return Problem("offsetMilliseconds must be within ten years");
        await database.WriteAsync(SandboxClock.Setting, offset.ToString(CultureInfo.InvariantCulture), ct);
        clock.OffsetMilliseconds = offset;
        return Results.Json(new { offsetMilliseconds = offset, now = clock.GetUtcNow() });
    }

    private async Task<IResult> RevokeAsync(JsonElement given, CancellationToken ct)
    {
        if (customers.Find(given.GetProperty("customer").GetString()!) is not { } customer) return Problem("there is no such customer");
        var cancel = new CancelConnection(given.GetProperty("consentId").GetString()!, customer, new DecisionOrigin(null, "sandbox control"));
        return await mediator.Send(cancel, ct) switch
        {
            CancellationAnswer.Cancelled => Results.Json(new { cancelled = true }),
            CancellationAnswer.WasNotActive => Results.Json(new { cancelled = false }),
            _ => Problem("the customer has no such access"),
        };
    }

    /// <summary>Has the sandbox's ledger do something to an account, named by its id or by the short name that testers know.</summary>
    private async Task<IResult> LedgerAsync(JsonElement given, Func<string, IRequest<SandboxAnswer>> wish, CancellationToken ct)
    {
        var name = given.GetProperty("accountId").GetString()!;
        var account = customers.All.SelectMany(customer => customer.Accounts).FirstOrDefault(one => one.AccountId == name || one.Tag == name)?.AccountId;
        return account is null ? Problem("there is no such account") : await mediator.Send(wish(account), ct) switch
        {
            SandboxAnswer.Done done => Results.Json(new { ids = done.Ids }),
            SandboxAnswer.Wrong wrong => Problem(wrong.Problem),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<IResult> HistoryAsync(JsonElement given, CancellationToken ct) =>
        await mediator.Send(new ListConsentChanges(given.GetProperty("consentId").GetString()!), ct) is { } changes
            ? Results.Json(new
            {
                changes = changes.Select(change => new { from = change.From, to = change.To, at = change.At, reason = change.ReasonCode ?? change.Reason }),
            })
            : Problem("there is no such consent");

    /// <summary>What the customer's dashboard tells of the questions of card issuers (D-9), of all of them together, newest first.</summary>
    private async Task<IResult> ChecksAsync(JsonElement given, CancellationToken ct)
    {
        if (customers.Find(given.GetProperty("customer").GetString()!) is not { } customer) return Problem("there is no such customer");
        var seen = new List<(ConnectionSummary Access, FundsCheckShown Check)>();
        foreach (var access in await mediator.Send(new ListConnections(customer), ct))
        {
            if (access.Kind != ConsentKind.FundsConfirmation) continue;
            seen.AddRange((await mediator.Send(new ListFundsChecks(access.ConsentId, MostChecks), ct)).Select(check => (access, check)));
        }

        return Results.Json(new
        {
            checks = seen.OrderByDescending(one => one.Check.At).Select(one => new
            {
                consentId = one.Access.ConsentId,
                client = one.Access.ClientId,
                name = one.Access.ClientName,
                at = one.Check.At,
                reference = one.Check.Reference,
                amount = one.Check.Amount.ToString(CultureInfo.InvariantCulture),
                currency = one.Check.Currency,
                answer = one.Check.Answer,
                reason = one.Check.WhyNone,
            }),
        });
    }

    /// <summary>The new set counts as any that a third party changes at its address: from when it is fetched again (KEY-17).</summary>
    private async Task<IResult> ReplaceKeysAsync(JsonElement given, CancellationToken ct)
    {
        var jwks = given.GetProperty("jwks");
        if (KeySet.Parse(Encoding.UTF8.GetBytes(jwks.GetRawText())).Failed(out var fault, out var set)) return Problem(fault.Reason);
        if (set.Keys.Count == 0) return Problem("jwks must hold a public key for signatures and no private one");
        return await mediator.Send(new FindSoftware(given.GetProperty("client").GetString()!, directory.Issuer), ct) is { } software
            && await directory.ReplaceKeysAsync(software, jwks, ct)
            ? Results.Json(new { replaced = true })
            : Problem("there is no such client whose keys the sandbox's directory keeps");
    }

    private async Task<IResult> SuspendAsync(JsonElement given, CancellationToken ct)
    {
        var on = given.GetProperty("on").GetBoolean();
        return await mediator.Send(new SuspendClient(given.GetProperty("client").GetString()!, on), ct)
            ? Results.Json(new { suspended = on })
            : Problem("there is no such client");
    }

    private async Task<IResult> PaymentAsync(IRequest<string?> wish, CancellationToken ct) =>
        await mediator.Send(wish, ct) is { } problem ? Problem(problem) : Results.Json(new { done = true });

    private async Task<IResult> DebitsAsync(JsonElement given, CancellationToken ct)
    {
        var paid = await mediator.Send(new SumTransfers(given.GetProperty("consentId").GetString()!), ct);
        return Results.Json(new { count = paid.Count, sum = paid.Sum });
    }

    private bool IsAllowed(HttpContext http)
    {
        const string Scheme = "Sandbox ";
        var header = http.Request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Handle.HashOf(value[Scheme.Length..]), Handle.HashOf(secret.Value));
    }

    private static IResult NotAllowed(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Sandbox";
        return Results.StatusCode(StatusCodes.Status401Unauthorized);
    }

    private static IResult Problem(string what) => Results.Json(new { error = what }, statusCode: StatusCodes.Status400BadRequest);

    private sealed record Member(string Name, string? Type, bool Optional = false);

    private sealed record Operation(
        string Name, string Effect, Member[] Members, Func<SandboxControl, JsonElement, CancellationToken, Task<IResult>>? Run = null)
    {
        public JsonObject Describe()
        {
            var properties = new JsonObject { ["operation"] = new JsonObject { ["const"] = Name } };
            foreach (var member in Members) properties[member.Name] = member.Type is null ? new JsonObject() : new JsonObject { ["type"] = member.Type };
            var required = Members.Where(member => !member.Optional).Select(member => (JsonNode)member.Name).Prepend("operation");
            return new JsonObject
            {
                ["operation"] = Name,
                ["effect"] = Effect,
                ["offered"] = Run is not null,
                ["schema"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = properties,
                    ["required"] = new JsonArray([.. required]),
                    ["additionalProperties"] = false,
                },
            };
        }

        public string? FirstProblem(JsonElement given)
        {
            foreach (var property in given.EnumerateObject())
            {
                if (property.Name != "operation" && Members.All(member => member.Name != property.Name)) return $"{Name} has no such member; GET lists them";
            }

            foreach (var member in Members)
            {
                var isThere = given.TryGetProperty(member.Name, out var value);
                if (!isThere && !member.Optional) return $"{member.Name} is missing";
                if (isThere && !Fits(given, member, value)) return $"{member.Name} must be of type {member.Type}";
            }

            return null;
        }

        private static bool Fits(JsonElement given, Member member, JsonElement value) => member.Type switch
        {
            "string" => Claims.Text(given, member.Name) is not null, // Half a surrogate pair is no text either.
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "array" => value.ValueKind == JsonValueKind.Array,
            "object" => value.ValueKind == JsonValueKind.Object,
            _ => true,
        };
    }
}

/// <summary>What opens the control: random, in a file that only the owner of the data directory reads.</summary>
internal sealed record SandboxSecret(string Value)
{
    private const string File = "control-secret";

    public static SandboxSecret Of(DataDirectory data)
    {
        if (data.ReadSecret(File) is { Length: > 0 } known) return new SandboxSecret(known);
        var fresh = Handle.New().Value;
        data.Write(File, fresh);
        return new SandboxSecret(fresh);
    }

    public override string ToString() => nameof(SandboxSecret);
}
