namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The tests of the .NET package share one server.</summary>
[CollectionDefinition(Name)]
public sealed class DotNetSdk : ICollectionFixture<SdkEnvironment>
{
    public const string Name = "OpenAI .NET package";
}
