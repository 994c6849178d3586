using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// The lists of revoked certificates, read and fetched in the background, so that no request waits for an authority (MT-11). Of an
/// authority without a configured list nothing is known and nothing asked: neither the addresses in a stranger's certificate nor OCSP.
/// </summary>
internal sealed partial class RevocationLists(
    IOptions<AuthorizationServerOptions> options, HttpMessageHandler outbound, TimeProvider time, ILogger<RevocationLists> logger) : BackgroundService
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>How far an authority's clock may be ahead of ours.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private static readonly string[] MediaTypes = ["application/pkix-crl", "application/x-pkcs7-crl", "application/octet-stream"];

    private readonly Lazy<Source[]> sources = new(() => [.. options.Value.ClientCertificateRevocation.Select(one =>
        one.ReadAuthority().Failed(out var fault, out var authority) ? throw new InvalidOperationException(fault) : new Source(one, authority))]);

    /// <summary>Whether a certificate that an authority has signed must be refused: it is revoked, or nobody can say.</summary>
    /// <param name="forPayments">Whether payments are at stake.</param>
    public bool Refuses(X509Certificate2 certificate, X509Certificate2 issuer, bool forPayments)
    {
        foreach (var source in sources.Value)
        {
            if (source.Is(issuer) && Refuses(source, certificate, forPayments)) return true;
        }

        return false;
    }

    /// <summary>The same for a certificate that passed at the token endpoint and is shown again with a token: its issuer's name is enough.</summary>
    public bool Refuses(X509Certificate2 certificate, bool forPayments)
    {
        foreach (var source in sources.Value)
        {
            if (source.IsNamed(certificate.IssuerName) && Refuses(source, certificate, forPayments)) return true;
        }

        return false;
    }

    /// <summary>Reads and fetches all lists; one that cannot be taken leaves the one before in its place until that has ended.</summary>
    internal Task RefreshAsync(CancellationToken ct) => Task.WhenAll(sources.Value.Select(source => RefreshAsync(source, ct)));

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken); // Before the first request.
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        sources.Value.Length == 0 ? Task.CompletedTask : BackgroundWork.EveryAsync(Pause, time, logger, RefreshAsync, stoppingToken);

    private bool Refuses(Source source, X509Certificate2 certificate, bool forPayments)
    {
        if (RevocationList.SerialOf(certificate) is not { } serial) return true;

        // What was revoked once stays so, however old the list.
        if (source.List is { } list)
        {
            if (list.Names(serial)) return true;
            if (time.GetUtcNow() < list.Until) return false;
        }

        return options.Value.MissingRevocationList switch
        {
            MissingRevocationList.Admit => false,
            MissingRevocationList.RefusePayments => forPayments,
            _ => true,
        };
    }

    private async Task RefreshAsync(Source source, CancellationToken ct)
    {
        if ((await ReadAsync(source.Options, ct)).Failed(out var problem, out var content)
            || RevocationList.Read(content, source.Authority).Failed(out problem, out var list))
        {
            Log.NotTaken(logger, source.Authority.Subject, problem);
        }
        else if (list.From > time.GetUtcNow() + Ahead)
        {
            Log.NotTaken(logger, source.Authority.Subject, "begins in the future");
        }
        else if (list.From < source.List?.From)
        {
            Log.NotTaken(logger, source.Authority.Subject, "is older than the one before"); // Or a revocation could be taken back by an old copy.
        }
        else
        {
            source.List = list;
        }

        if (source.List is null || source.List.Until <= time.GetUtcNow()) Log.Missing(logger, source.Authority.Subject, options.Value.MissingRevocationList);
    }

    private async Task<Outcome<byte[], string>> ReadAsync(RevocationListOptions from, CancellationToken ct)
    {
        if (from.Url is { } address) return await OutboundHttp.GetAsync(outbound, address, options.Value.AllowLoopbackTargets, MediaTypes, ct, MaxBytes);
        try
        {
            return await File.ReadAllBytesAsync(from.File!, ct);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "cannot be read";
        }
    }

    private sealed class Source(RevocationListOptions options, X509Certificate2 authority)
    {
        private volatile RevocationList? list;

        private readonly byte[] name = authority.SubjectName.RawData;
        private readonly byte[] key = authority.PublicKey.ExportSubjectPublicKeyInfo();

        public RevocationListOptions Options { get; } = options;

        public X509Certificate2 Authority { get; } = authority;

        public RevocationList? List
        {
            get => list;
            set => list = value;
        }

        public bool IsNamed(X500DistinguishedName issuer) => issuer.RawData.AsSpan().SequenceEqual(name);

        /// <summary>An authority is its name and key, whichever of its certificates says so.</summary>
        public bool Is(X509Certificate2 issuer) => IsNamed(issuer.SubjectName) && issuer.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The list of revoked certificates of {Authority} was not taken: it {Problem}")]
        public static partial void NotTaken(ILogger logger, string authority, string problem);

        [LoggerMessage(Level = LogLevel.Error, Message = "There is no list of revoked certificates of {Authority} that holds now; Identity:MissingRevocationList is {Rule}")]
        public static partial void Missing(ILogger logger, string authority, MissingRevocationList rule);
    }
}
