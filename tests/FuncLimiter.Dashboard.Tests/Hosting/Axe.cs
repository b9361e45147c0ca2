using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>axe-core (MPL-2.0, from npm, used by these tests only): what it finds against WCAG 2.2 A and AA and its best practices.</summary>
internal static class Axe
{
    private static readonly string Script = Path.Combine(Shots.Root, "tests", "accessibility", "node_modules", "axe-core", "axe.min.js");

    /// <summary>Why it can't be run; null where it can.</summary>
    public static string? Obstacle => Browser.Obstacle ?? (File.Exists(Script) ? null : "axe-core is not installed (npm ci in tests/accessibility)");

    /// <summary>What is wrong with a page as it stands, a line each.</summary>
    public static async Task<string[]> ViolationsAsync(IPage page)
    {
        await page.EvaluateAsync(await File.ReadAllTextAsync(Script));
        return await page.EvaluateAsync<string[]>(
            """
            async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations
              .flatMap(found => found.nodes.map(node => `${found.id}: ${found.help}: ${node.html.slice(0, 160)} ${node.any.map(check => check.message).join(' ')}`))
            """);
    }
}
