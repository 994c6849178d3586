using System.Text;
using System.Text.Json;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>What the bank answered, read whole.</summary>
internal sealed record BankAnswer(int Status, string Text, JsonElement? Body, string? InteractionId)
{
    /// <summary>The bytes that came: what the bank's signature is over.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    /// <summary>The bank's signature beside it, where there is one.</summary>
    public string? Signature { get; private init; }

    /// <summary>The <c>error</c> of an OAuth answer.</summary>
    public string? OAuthError => Body is { ValueKind: JsonValueKind.Object } body ? Claims.Text(body, "error") : null;

    /// <summary>The first <c>ErrorCode</c> of an API answer.</summary>
    public string? ApiErrorCode => FirstApiError is { } error ? Claims.Text(error, "ErrorCode") : null;

    private JsonElement? FirstApiError =>
        Body is { ValueKind: JsonValueKind.Object } body
        && body.TryGetProperty("Errors", out var errors)
        && errors.ValueKind == JsonValueKind.Array
        && errors.GetArrayLength() > 0
        && errors[0].ValueKind == JsonValueKind.Object
            ? errors[0]
            : null;

    public static async Task<BankAnswer> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(ct);
        var text = Encoding.UTF8.GetString(bytes);
        var json = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) == true;
        response.Headers.TryGetValues(Kernel.Http.InteractionId.Header, out var ids);
        response.Headers.TryGetValues(MessageSignature.Header, out var signatures);
        return new BankAnswer((int)response.StatusCode, text, json && text.Length > 0 ? Parse(text) : null, ids?.FirstOrDefault())
        {
            Bytes = bytes,
            Signature = signatures?.FirstOrDefault(),
        };
    }

    /// <summary>This answer as a refusal, in the bank's words for our developer.</summary>
    public BankFault Fault(string step)
    {
        var code = OAuthError ?? ApiErrorCode ?? "no reason given";
        var words = OAuthError is not null ? Claims.Text(Body!.Value, "error_description")
            : FirstApiError is { } error ? Claims.Text(error, "Message") : null;
        return BankFault.Refused($"{step}: {Status} {code}{(words is null ? "" : ", " + words)}", code);
    }

    private static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
