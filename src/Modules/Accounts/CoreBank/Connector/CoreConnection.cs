using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>
/// The line to the bank's own system. Whatever goes wrong on it, and there is much that can, comes out as one
/// <see cref="CoreBankAwayException"/>. Numbers of customers and accounts travel in bodies, never in an address, which proxies write down.
/// </summary>
internal sealed class CoreConnection(CoreBankOptions options, CorePatience patience) : IDisposable
{
    /// <summary>A page of transactions is a tenth of it.</summary>
    public const int LargestAnswer = 4 * 1024 * 1024;

    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(5);
    private readonly HttpMessageInvoker http = new(Handler(options));

    /// <summary>Asks the core something that may be asked more than once.</summary>
    /// <param name="path">Below the core's address, as the contract has it.</param>
    /// <param name="firstProblem">What in a well-formed answer cannot be true, if anything.</param>
    public async Task<TAnswer> AskAsync<TQuestion, TAnswer>(
        HttpMethod method, string path, TQuestion question, Func<TAnswer, string?> firstProblem, CancellationToken ct)
        where TAnswer : class
    {
        using var turn = patience.Turn() ?? throw new CoreBankAwayException($"{path}: too many questions wait already", SoonAgain);
        try
        {
            return await patience.Several.ExecuteAsync(async token => await TryAsync(method, path, question, firstProblem, token), ct);
        }
        catch (CoreFault fault)
        {
            throw new CoreBankAwayException($"{path}: {fault.Message}", fault.RetryAfter ?? SoonAgain, fault);
        }
        catch (TimeoutRejectedException late)
        {
            throw new CoreBankAwayException($"{path}: no answer in time", SoonAgain, late);
        }
        catch (BrokenCircuitException open)
        {
            throw new CoreBankAwayException($"{path}: not asked, because it has failed again and again", open.RetryAfter ?? options.Rest, open);
        }
    }

    /// <summary>One try without any patience, for whoever wants to see what the core says.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[] body, bool withToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, new Uri(options.Address!.OriginalString.TrimEnd('/') + path));
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        request.Headers.Accept.ParseAdd("application/json");
        if (withToken && options.TokenFile is { } file)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file, ct)).Trim());
        var response = await http.SendAsync(request, ct);
        try
        {
            await response.Content.LoadIntoBufferAsync(LargestAnswer, ct);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<TAnswer> TryAsync<TQuestion, TAnswer>(HttpMethod method, string path, TQuestion question, Func<TAnswer, string?> firstProblem, CancellationToken ct)
        where TAnswer : class
    {
        try
        {
            using var response = await SendAsync(method, path, CoreJson.Write(question), withToken: true, ct);
            if (response.StatusCode != HttpStatusCode.OK) throw Refused(response);
            if (response.Content.Headers.ContentType?.MediaType != "application/json") throw new CoreFault("an answer that is not JSON", mayPass: false);
            var answer = CoreJson.Read<TAnswer>(await response.Content.ReadAsByteArrayAsync(ct));
            return firstProblem(answer) is { } problem ? throw new CoreFault(problem, mayPass: false) : answer;
        }
        catch (HttpRequestException fault)
        {
            throw new CoreFault(fault.HttpRequestError.ToString(), mayPass: fault.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded, cause: fault);
        }
        catch (IOException fault)
        {
            throw new CoreFault("the connection broke", mayPass: true, cause: fault);
        }
        catch (JsonException fault)
        {
            throw new CoreFault($"an answer that is not as the contract says, at {fault.Path ?? "its beginning"}", mayPass: false);
        }
    }

    private static CoreFault Refused(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter?.Delta is { } said && said > TimeSpan.Zero && said < TimeSpan.FromHours(1) ? said : (TimeSpan?)null;
        return new CoreFault($"status {(int)response.StatusCode}", mayPass: (int)response.StatusCode >= 500, wait);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The connection owns it.")]
    private static SocketsHttpHandler Handler(CoreBankOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.Timeout,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            UseCookies = false,
            UseProxy = false,
        };
        if (options.TrustFile is { } trust)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(trust);
        }

        if (options.CertificateFile is { } certificate)
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, options.KeyFile)];
        return handler;
    }

    public void Dispose() => http.Dispose();
}
