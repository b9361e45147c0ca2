namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>A theory over tests in JavaScript, skipped with the reason where they can't run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JavaScriptTheoryAttribute : TheoryAttribute
{
    public JavaScriptTheoryAttribute() => Skip = JavaScriptSuite.Obstacle;
}
