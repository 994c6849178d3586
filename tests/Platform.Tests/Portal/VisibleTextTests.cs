using OpenBanking.Web.Portal.Shared;

namespace OpenBanking.Platform.Tests.Portal;

public sealed class VisibleTextTests
{
    [Theory]
    [Trait("Rule", "PO-18")]
    [InlineData("Budget App", "Budget App")]
    [InlineData("Müller & Söhne – Café №1", "Müller & Söhne – Café №1")]
    [InlineData("Εθνική Τράπεζα", "Εθνική Τράπεζα")]
    [InlineData("银行", "银行")]
    [InlineData("ppA\u202E tegduB", "ppA[U+202E] tegduB")]
    [InlineData("Bud\u200Bget", "Bud[U+200B]get")]
    [InlineData("Bud\u00ADget", "Bud[U+00AD]get")]
    [InlineData("Budg\u0435t App", "Budg[U+0435]t App")]
    [InlineData("\u0391lder Bank", "[U+0391]lder Bank")]
    [InlineData("Line\nbreak\u2028", "Line[U+000A]break[U+2028]")]
    [InlineData("Empty\u3164", "Empty[U+3164]")]
    [InlineData(null, "")]
    public void What_is_hidden_or_passes_for_something_else_is_written_out(string? name, string shown) =>
        Assert.Equal(shown, VisibleText.Of(name));
}

public sealed class LocalPathTests
{
    [Theory]
    [Trait("Rule", "PO-05")]
    [InlineData("/connections", "/connections")]
    [InlineData("/passkeys", "/passkeys")]
    [InlineData("/signins", "/signins")]
    [InlineData("/Connections", "/")]
    [InlineData("/connections/", "/")]
    [InlineData("//evil", "/")]
    [InlineData(null, "/")]
    public void Only_known_paths_are_taken(string? sent, string taken) => Assert.Equal(taken, LocalPath.Of(sent));
}

public sealed class DeviceTests
{
    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1", "Safari on iPhone")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux")]
    [InlineData("curl/8", "Unknown device")]
    [InlineData(null, "Unknown device")]
    public void A_user_agent_becomes_words(string? agent, string words) => Assert.Equal(words, Device.NameOf(agent));
}
