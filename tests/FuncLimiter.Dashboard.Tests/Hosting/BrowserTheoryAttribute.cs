namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>A theory seen through a browser, skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Browser.Obstacle;
}
