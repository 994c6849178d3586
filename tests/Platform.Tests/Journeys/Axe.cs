using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace OpenBanking.Platform.Tests.Journeys;

/// <summary>
/// What axe finds wrong on the page as it stands. It runs in the page itself and answers with its findings only: the package's own
/// runner opens a second page for each run and brings every rule that holds across, which takes many times as long.
/// </summary>
internal static class Axe
{
    private const string Run = """
        async rules => (await axe.run(document, { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) })).violations
            .map(violation => violation.id + ': ' + violation.nodes.map(node => node.html).join(' | '))
        """;

    /// <summary>The rules that look at colours.</summary>
    private static readonly string[] Colours = ["color-contrast", "link-in-text-block"];

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    /// <param name="coloursOnly">Where all else is known from another look of the same page.</param>
    public static async Task<IReadOnlyList<string>> FindingsAsync(IPage page, bool coloursOnly = false)
    {
        if (!await page.EvaluateAsync<bool>("() => typeof axe === 'object'")) await page.EvaluateAsync(Script);
        return await page.EvaluateAsync<string[]>(Run, coloursOnly ? Colours : null);
    }
}
