using Microsoft.Playwright;

namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>A headless Chromium of this machine.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Places =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Why there is no browser to be driven; null where there is one.</summary>
    public static string? Obstacle => Executable is null ? "no Chromium is installed (apt-get install chromium, or set CHROMIUM)" : null;

    private static string? Executable =>
        Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named ? named : Array.Find(Places, File.Exists);

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Executable,
            Headless = true,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
        return new Browser(playwright, browser);
    }

    /// <summary>A page of a size, in a theme, in a context of its own, where the admin key was typed before unless said otherwise.</summary>
    public async Task<IPage> PageAsync(int width, int height, ColorScheme theme, bool hasKey = true)
    {
        var context = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = theme,
            DeviceScaleFactor = 1,
            Locale = "en-GB",
        });
        if (hasKey)
        {
            await context.AddInitScriptAsync($"sessionStorage.setItem('funclimiter-key', '{Scene.AdminKey}')");
        }

        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
