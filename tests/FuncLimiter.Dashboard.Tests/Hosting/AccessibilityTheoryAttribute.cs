namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>A theory about accessibility, skipped with the reason where it can't be checked.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AccessibilityTheoryAttribute : TheoryAttribute
{
    public AccessibilityTheoryAttribute() => Skip = Axe.Obstacle;
}
