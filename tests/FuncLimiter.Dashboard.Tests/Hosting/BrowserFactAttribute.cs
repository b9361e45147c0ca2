namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>A fact seen through a browser, skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.Obstacle;
}
