using Castle.DynamicProxy;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>
/// Makes doubles of abstract types that override only the members which the app uses; any other fails when called.
/// </summary>
internal static class Unfinished
{
    private static readonly ProxyGenerator Generator = new();
    private static readonly ProxyGenerationOptions AbstractOnly = new(new Hook());

    public static T Make<T>(params object[] arguments)
        where T : class => Generator.CreateClassProxy<T>(AbstractOnly, arguments, new Refusing());

    private sealed class Refusing : IInterceptor
    {
        public void Intercept(IInvocation invocation) => throw new NotSupportedException($"The app is not known to call {invocation.Method}.");
    }

    private sealed class Hook : AllMethodsHook
    {
        public override bool ShouldInterceptMethod(Type type, System.Reflection.MethodInfo methodInfo) => methodInfo.IsAbstract;
    }
}
