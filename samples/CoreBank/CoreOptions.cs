using System.Globalization;

namespace OpenBanking.Samples.CoreBank;

/// <summary>What this core must be told; settings under <c>CoreBank</c>.</summary>
/// <param name="Address">Where it listens, on this machine only.</param>
/// <param name="TokenFile">File with the secret that callers must say; without it whoever is on this machine is answered.</param>
/// <param name="NoticeAddress">Where the open-banking side takes notices; without it none are sent.</param>
/// <param name="NoticeSecretFile">File with the secret by which notices are signed.</param>
internal sealed record CoreOptions(string Address, string? TokenFile = null, Uri? NoticeAddress = null, string? NoticeSecretFile = null)
{
    public static CoreOptions From(IConfiguration configuration)
    {
        var settings = configuration.GetSection("CoreBank");
        return new CoreOptions(
            settings["Address"] ?? string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{settings.GetValue("Port", 5030)}"),
            settings["TokenFile"],
            settings.GetValue<Uri?>("NoticeAddress"),
            settings["NoticeSecretFile"]);
    }

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IEnumerable<string> Problems()
    {
        if (!Uri.TryCreate(Address, UriKind.Absolute, out var address) || !address.IsLoopback) yield return "CoreBank__Address must be an address on this machine.";
        if (TokenFile is not null && !File.Exists(TokenFile)) yield return "CoreBank__TokenFile names a file that is not there.";
        if (NoticeAddress is null != NoticeSecretFile is null) yield return "CoreBank__NoticeAddress and CoreBank__NoticeSecretFile go together.";
        if (NoticeSecretFile is not null && !File.Exists(NoticeSecretFile)) yield return "CoreBank__NoticeSecretFile names a file that is not there.";
    }
}
