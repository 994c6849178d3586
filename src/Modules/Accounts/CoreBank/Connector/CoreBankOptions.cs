namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>Where the bank's own system is and how long it is waited for. Without an address the built-in ledger is the core bank.</summary>
internal sealed class CoreBankOptions
{
    public const string Section = "Accounts:Core";

    /// <summary>Base address of an adapter that keeps <c>docs/core-bank/openapi.yaml</c>; https, or http on this machine.</summary>
    public Uri? Address { get; init; }

    /// <summary>File with the secret that the core wants to hear as a bearer token, re-read with each call so that it can be changed.</summary>
    public string? TokenFile { get; init; }

    /// <summary>PEM file of the certificate that is shown to the core; its key in <see cref="KeyFile"/>.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>PEM file of the authorities that may have signed the core's certificate; without it those of the machine.</summary>
    public string? TrustFile { get; init; }

    /// <summary>File with the secret by which the core signs its notices; without it none are taken.</summary>
    public string? NoticeSecretFile { get; init; }

    /// <summary>How long one try may take.</summary>
    public int TimeoutMilliseconds { get; init; } = 2000;

    /// <summary>How long a question may take with all its tries, so that whoever asked hears something within seconds.</summary>
    public int PatienceMilliseconds { get; init; } = 4500;

    /// <summary>How often a question is asked at most; only what may be asked twice is.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>For how long a core that fails is left alone before one question tries it again.</summary>
    public int RestSeconds { get; init; } = 10;

    /// <summary>How many questions of this host wait for the core at one moment; more than these are not even asked.</summary>
    public int MostAtOnce { get; init; } = 64;

    public TimeSpan Timeout => TimeSpan.FromMilliseconds(TimeoutMilliseconds);

    public TimeSpan Patience => TimeSpan.FromMilliseconds(PatienceMilliseconds);

    public TimeSpan Rest => TimeSpan.FromSeconds(RestSeconds);

    /// <summary>The same core elsewhere, borne with no longer than one try.</summary>
    public CoreBankOptions At(Uri address) => new()
    {
        Address = address,
        TokenFile = TokenFile,
        CertificateFile = CertificateFile,
        KeyFile = KeyFile,
        TrustFile = TrustFile,
        TimeoutMilliseconds = TimeoutMilliseconds,
        PatienceMilliseconds = PatienceMilliseconds,
        Tries = 1,
        RestSeconds = RestSeconds,
        MostAtOnce = MostAtOnce,
    };

    public IEnumerable<string> Problems()
    {
        if (Address is { } address && !IsFit(address)) yield return "Accounts__Core__Address must be an https address without query and fragment, or http on this machine.";
        foreach (var (name, file) in new[]
        {
            (nameof(TokenFile), TokenFile), (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile),
            (nameof(TrustFile), TrustFile), (nameof(NoticeSecretFile), NoticeSecretFile),
        })
        {
            if (file is not null && !File.Exists(file)) yield return $"Accounts__Core__{name} names a file that is not there.";
        }

        if (CertificateFile is null != KeyFile is null) yield return "Accounts__Core__CertificateFile and Accounts__Core__KeyFile go together.";
        if (TimeoutMilliseconds is < 50 or > 60_000) yield return "Accounts__Core__TimeoutMilliseconds must be from 50 to 60000.";
        if (PatienceMilliseconds < TimeoutMilliseconds || PatienceMilliseconds > 120_000) yield return "Accounts__Core__PatienceMilliseconds must be from TimeoutMilliseconds to 120000.";
        if (Tries is < 1 or > 10) yield return "Accounts__Core__Tries must be from 1 to 10.";
        if (RestSeconds is < 1 or > 3600) yield return "Accounts__Core__RestSeconds must be from 1 to 3600.";
        if (MostAtOnce is < 1 or > 10_000) yield return "Accounts__Core__MostAtOnce must be from 1 to 10000.";
    }

    private static bool IsFit(Uri address) =>
        address.IsAbsoluteUri && address is { Query: "", Fragment: "", UserInfo: "" } && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));
}
