using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>
/// Takes the file of a consent and gives it back. It must be the very bytes whose hash the consent has, of the type, number and sum that it says;
/// otherwise the consent is over (OB-FIL-2, OB-FIL-3). The file goes from disk to the database along a stream.
/// </summary>
internal sealed class PaymentFileEndpoints(OwnConsents own, Consents consents, ConsentDb db, UnitOfWork unit, Idempotency idempotency, ConsentOptions options)
{
    private const string Path = "/file-payment-consents/{consentId}/file";

    public static void Map(IEndpointRouteBuilder pisp, ConsentOptions options)
    {
        pisp.MapPost(Path, (PaymentFileEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.PostAsync(consentId, http, ct))
            .RequireAccessToken("payments", TokenKind.Client)
            .AddEndpointFilter(async (context, next) =>
            {
                // Who sends slowly must not hold a connection to the database meanwhile (OP-12).
                await context.HttpContext.RequestServices.GetRequiredService<UnitOfWork>().RestAsync();
                return await next(context);
            })
            .TakesSignedFiles(options.FileBytes);
        var get = pisp.MapGet(Path, (PaymentFileEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(consentId, http, ct))
            .RequireAccessToken("payments", TokenKind.Client).SignsAnswers();
        foreach (var type in FileFormat.All.SelectMany(format => format.MediaTypes)) get.WithMetadata(new AnswersIn(type));
    }

    public async Task<IResult> PostAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.FilePayment, http, ct)).Failed(out var error, out var consent)) return error;
        if (Idempotency.KeyOf(http.Request).Failed(out error, out _)) return error;
        var file = http.Request.Body;
        file.Position = 0;
        var hash = await SHA256.HashDataAsync(file, ct);
        if (consent.State == ConsentState.AWUP && await JudgeAsync(consent, hash, http, ct) is { } refusal) return refusal;
        return await idempotency.RunAsync(
            http,
            db,
            http.Caller().ClientId,
            new Creation(consentId, DigestOf(consentId, hash), () => KeepAsync(consent, http, ct), _ => Task.FromResult(Results.Ok())),
            ct);
    }

    /// <summary>Of the bytes (OB-IDM-8) and of the consent: the same file for another one is another request, and must not be answered as if it had come (OB-IDM-7).</summary>
    private static byte[] DigestOf(string consentId, byte[] hash) => SHA256.HashData([.. hash, .. Encoding.ASCII.GetBytes(consentId)]);

    public async Task<IResult> GetAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.FilePayment, http, ct)).Failed(out var error, out _)) return error;
        return await db.Files.AsNoTracking().SingleOrDefaultAsync(file => file.ConsentId == consentId, ct) is { } stored
            ? Results.Bytes(stored.Content, stored.MediaType)
            : ApiError.BadRequest("U011", "OB-FIL-7", "The file has not been uploaded.");
    }

    /// <summary>Ends the consent of a file that is not what was said of it; remembers what it holds where it is.</summary>
    private async Task<IResult?> JudgeAsync(ConsentRecord consent, byte[] hash, HttpContext http, CancellationToken ct)
    {
        var payment = PaymentRequest.Of(consent);
        var format = FileFormat.Find(payment.Text("Data.Initiation.FileType"))!;
        var mediaType = UkApi.MediaTypeOf(http.Request.ContentType);
        if (!format.MediaTypes.Contains(mediaType, StringComparer.OrdinalIgnoreCase)) return ApiError.Bare(StatusCodes.Status415UnsupportedMediaType, "OB-FIL-5");
        var fault = CryptographicOperations.FixedTimeEquals(hash, FilePayments.HashOf(payment.Text("Data.Initiation.FileHash")!)!)
            ? await ContradictionAsync(payment, format, http, ct)
            : new FileFault("OB-FIL-2", "TD03", "The file is not the one whose hash was announced.");
        if (fault is null) return null;
        await consents.MoveAsync(consent, ConsentEvent.Reject, new Cause(Actor.Bank, null, Reason: fault.Message, ReasonCode: fault.Code), ct);
        return ApiError.BadRequest("U002", fault.Rule, fault.Message);
    }

    private async Task<FileFault?> ContradictionAsync(PaymentRequest payment, FileFormat format, HttpContext http, CancellationToken ct)
    {
        http.Request.Body.Position = 0;
        if ((await format.ReadAsync(http.Request.Body, options.FilePayments, ct)).Failed(out var fault, out var payments)) return fault;
        if (payments.Any(one => one.Amount.Amount > options.PaymentLimit)) return new FileFault("OB-PIS-12", "AM14", "An amount is above the limit of one payment.");
        var totals = FileTotals.Of(payments);
        http.Items[typeof(FileTotals)] = totals;
        return totals.Contradiction(payment.Text("Data.Initiation.NumberOfTransactions"), payment.Decimal("Data.Initiation.ControlSum"));
    }

    private async Task<Outcome<IResult, ApiError>> KeepAsync(ConsentRecord consent, HttpContext http, CancellationToken ct)
    {
        // A second file is none; neither is one for a consent that is over (OB-FIL-6).
        var totals = http.Items[typeof(FileTotals)] as FileTotals;
        var isTaken = totals is not null && await consents.MoveAsync(
            consent,
            ConsentEvent.Upload,
            new Cause(Actor.ThirdParty, consent.ClientId, Reason: "The file was uploaded.", Told: "The customer has not yet authorised it."),
            ct,
            set => set.SetProperty(row => row.FilePayments, totals.Count).SetProperty(row => row.FileSum, totals.Sum));
        if (!isTaken) return ApiError.BadRequest("U009", "OB-FIL-6", "The consent does not wait for a file.", "Data.Status");

        http.Request.Body.Position = 0;
        await using var insert = new NpgsqlCommand("""INSERT INTO consent.payment_files ("ConsentId", "MediaType", "Content") VALUES ($1, $2, $3)""", (NpgsqlConnection)unit.Connection);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consent.Id });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = UkApi.MediaTypeOf(http.Request.ContentType) });
        insert.Parameters.Add(new NpgsqlParameter { Value = http.Request.Body, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea });
        await insert.ExecuteNonQueryAsync(ct);

        // There is nothing to say, and so nothing to sign (OB-FIL-5, OB-V401-10).
        return TypedResults.Ok();
    }
}
