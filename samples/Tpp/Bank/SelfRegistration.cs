using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>
/// How this app becomes a client of the bank, once for each way: the directory gives it a software statement and a certificate for a key
/// of its own, and with both it registers (RFC 7591, in the signed form of the UK). What comes of it is kept in the data directory.
/// </summary>
internal sealed class SelfRegistration(
    ClientKind kind, TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null) : IDisposable
{
    private static readonly TimeSpan RequestLasts = TimeSpan.FromMinutes(5);
    private readonly SemaphoreSlim one = new(1);

    /// <summary>What we ask for at most: to see accounts, for long, and to make a payment, once each time.</summary>
    private const string Scope = "openid accounts payments offline_access";
    private Registration? registered;

    /// <summary>What the bank calls us; empty until we are registered.</summary>
    public string ClientId => registered?.ClientId ?? "";

    /// <summary>What we call ourselves where we sign a message: organisation and software, as the directory knows them.</summary>
    public string MessageIssuer => registered?.MessageIssuer ?? "";

    /// <summary>Our transport certificate and its key.</summary>
    public string CertificateFile => kind.Mtls ? options.ClientCertificate : Path.Combine(options.Data, "dpop-client.pem");

    /// <summary>Registers unless that was done before.</summary>
    public async Task<Outcome<string, BankFault>> EnsureAsync(CancellationToken ct)
    {
        if (ClientId.Length > 0) return ClientId;
        await one.WaitAsync(ct);
        try
        {
            registered ??= Kept();
            if (registered is not null) return ClientId;
            if ((await RegisterAsync(ct)).Failed(out var fault, out var made)) return fault;
            Keep(options, kind, made);
            registered = made;
            return ClientId;
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or CryptographicException or JsonException
            || (broken is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return BankFault.Unreachable("registration: " + (broken.InnerException?.Message ?? broken.Message));
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The bank does not know us any more; the next call registers anew.</summary>
    public void Forget()
    {
        File.Delete(FileOf(options, kind));
        registered = null;
    }

    /// <summary>Keeps what the bank calls us.</summary>
    public static void Keep(TppOptions options, ClientKind kind, Registration registration) => TppKeys.WritePrivate(FileOf(options, kind), new JsonObject
    {
        ["issuer"] = options.Issuer,
        ["client_id"] = registration.ClientId,
        ["message_issuer"] = registration.MessageIssuer,
        ["scope"] = Scope,
        ["redirect_uris"] = Redirects(options),
    }.ToJsonString());

    public void Dispose() => one.Dispose();

    // One that was made for less than we ask for today is made anew.
    private Registration? Kept()
    {
        if (!File.Exists(FileOf(options, kind))) return null;
        var kept = JsonNode.Parse(File.ReadAllText(FileOf(options, kind)));
        var isOurs = kept?["issuer"]?.GetValue<string>() == options.Issuer
            && kept["scope"]?.GetValue<string>() == Scope
            && kept["redirect_uris"]?.AsArray().Any(uri => uri?.GetValue<string>() == options.RedirectUri) == true;
        return isOurs && kept!["client_id"]?.GetValue<string>() is { } clientId && kept["message_issuer"]?.GetValue<string>() is { } issuer ? new Registration(clientId, issuer) : null;
    }

    private async Task<Outcome<Registration, BankFault>> RegisterAsync(CancellationToken ct)
    {
        JsonElement document, member;
        using (var open = BankConnection.Open(options, certificate: null, wrap))
        {
            if ((await AskAsync(open, HttpMethod.Get, options.Issuer + "/.well-known/openid-configuration", null, 200, ct)).Failed(out var fault, out var answer)) return fault;
            document = answer.RootElement.Clone();
            answer.Dispose();
            if ((await JoinAsync(open, ct)).Failed(out fault, out answer)) return fault;
            member = answer.RootElement.Clone();
            answer.Dispose();
        }

        if (Claims.Text(document, "registration_endpoint") is not { } endpoint) return BankFault.Untrusted("the bank takes no registrations");
        using var certain = BankConnection.Open(options, CertificateFile, wrap);
        using var body = new StringContent(Request(member), Encoding.ASCII, "application/jose");
        if ((await AskAsync(certain, HttpMethod.Post, endpoint, body, 201, ct)).Failed(out var refused, out var answered)) return refused;
        using (answered)
        {
            return Claims.Text(answered.RootElement, "client_id") is { Length: > 0 } clientId
                ? new Registration(clientId, $"{Claims.Text(member, "org_id")}/{Claims.Text(member, "software_id")}")
                : BankFault.Untrusted("the bank registered us without a client_id");
        }
    }

    /// <summary>Joins the sandbox's directory. The private keys stay here: it sees a signing request and a public key set.</summary>
    private async Task<Outcome<JsonDocument, BankFault>> JoinAsync(HttpClient http, CancellationToken ct)
    {
        using var transport = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new JsonObject
        {
            ["client_name"] = "Tally",
            ["redirect_uris"] = Redirects(options),
            ["roles"] = new JsonArray("AISP", "PISP"),
            ["jwks"] = keys.Jwks(),
            ["csr"] = new CertificateRequest("CN=Tally", transport, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
        };
        using var body = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
        if ((await AskAsync(http, HttpMethod.Post, options.Issuer + "/sandbox/directory/software", body, 201, ct)).Failed(out var fault, out var answer)) return fault;
        TppKeys.WritePrivate(CertificateFile, Claims.Text(answer.RootElement, "certificate") + "\n" + transport.ExportPkcs8PrivateKeyPem() + "\n");
        return answer;
    }

    private string Request(JsonElement member)
    {
        var now = time.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = Claims.Text(member, "software_id"),
            ["aud"] = options.Issuer,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + RequestLasts).ToUnixTimeSeconds(),
            ["jti"] = Uuid(),
            ["software_statement"] = Claims.Text(member, "software_statement"),
            ["redirect_uris"] = Redirects(options),
            ["grant_types"] = new JsonArray("authorization_code", "refresh_token", "client_credentials"),
            ["response_types"] = new JsonArray("code"),
            ["scope"] = Scope,
            ["application_type"] = "web",
            ["id_token_signed_response_alg"] = "PS256",
            ["request_object_signing_alg"] = keys.Client.Algorithm,
        };
        if (kind.Mtls)
        {
            claims["token_endpoint_auth_method"] = "tls_client_auth";
            claims["tls_client_auth_subject_dn"] = Claims.Text(member, "tls_client_auth_subject_dn");
            claims["tls_client_certificate_bound_access_tokens"] = true;
        }
        else
        {
            claims["token_endpoint_auth_method"] = "private_key_jwt";
            claims["token_endpoint_auth_signing_alg"] = keys.Client.Algorithm;
            claims["dpop_bound_access_tokens"] = true;
        }

        return Jws.Sign(keys.Client, "JWT", claims);
    }

    private static async Task<Outcome<JsonDocument, BankFault>> AskAsync(
        HttpClient http, HttpMethod method, string address, HttpContent? body, int expected, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, address) { Content = body, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        using var response = await http.SendAsync(request, ct);
        if ((int)response.StatusCode is 429 or >= 500) return BankFault.Unreachable($"the bank answered {(int)response.StatusCode}");
        if ((int)response.StatusCode != expected)
            return BankFault.Refused($"registration: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(ct)}");
        return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(ct), default, ct);
    }

    /// <summary>The page's own address, and that of the terminal, which listens beside it.</summary>
    private static JsonArray Redirects(TppOptions options) => [.. options.RedirectUris.Select(uri => (JsonNode)uri)];

    private static string FileOf(TppOptions options, ClientKind kind) => Path.Combine(options.Data, $"registration-{kind.Key}.json");

    /// <summary>Version 4, as the UK wants it.</summary>
    private static string Uuid()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}

/// <summary>What came of a registration.</summary>
internal sealed record Registration(string ClientId, string MessageIssuer);
