using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpenBanking.Samples.CoreBank;

/// <summary>Tells the open-banking side what has happened. A real core keeps its notices until they are taken; this one tries a few times.</summary>
internal sealed partial class Notices(CoreOptions options, TimeProvider time, HttpClient http, ILogger<Notices> log)
{
    private const int Tries = 3;

    public async Task SendAsync(NoticeKind kind, string accountId, CancellationToken ct)
    {
        if (options.NoticeAddress is not { } address) return;
        var now = time.GetUtcNow();
        var notice = new Notice(Guid.CreateVersion7(now), kind, accountId, now);
        var body = JsonSerializer.SerializeToUtf8Bytes(notice, JsonSerializerOptions.Web);
        for (var count = 0; count < Tries; count++)
        {
            if (await TryAsync(address, body, ct)) return;
        }

        Log.NotTaken(log, kind);
    }

    private async Task<bool> TryAsync(Uri address, byte[] body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        request.Headers.Add("Core-Signature", await SignAsync(body, ct));
        try
        {
            using var answer = await http.SendAsync(request, ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>HMAC-SHA256 over the second of sending, a dot, and the body: as the contract says.</summary>
    private async Task<string> SignAsync(byte[] body, CancellationToken ct)
    {
        var second = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var key = Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(options.NoticeSecretFile!, ct)).Trim());
        return $"t={second},v1={Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(second + ".").Concat(body).ToArray()))}";
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A notice ({Kind}) was not taken")]
        public static partial void NotTaken(ILogger logger, NoticeKind kind);
    }
}
