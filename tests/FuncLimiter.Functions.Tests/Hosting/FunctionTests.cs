using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Jobs.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What the worker and the host must find in the app.</summary>
public partial class FunctionTests
{
    [Fact]
    public void EveryPathOfTheGateway_HasAFunction()
    {
        var routes = FunctionTable.All.Values.Select(method => FunctionTable.Trigger<HttpTriggerAttribute>(method)?.Route).OfType<string>().ToArray();
        string[] paths =
        [
            .. typeof(EndpointPaths).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!),
            JobPaths.Jobs, JobPaths.Job,
        ];

        Assert.All(paths, path => Assert.Contains(routes, route => Takes(route, path.Replace("/admin", "/operator/admin", StringComparison.Ordinal))));
    }

    [Fact]
    public void EveryFunctionsMethod_IsFoundByItsNameAlone() =>
        Assert.All(FunctionTable.All.Values, method => Assert.Equal(method, method.DeclaringType!.GetMethod(method.Name)));

    [Fact]
    public void Routes_KeepOutOfWhatTheHostKeepsForItself()
    {
        var routes = FunctionTable.All.Values.Select(method => FunctionTable.Trigger<HttpTriggerAttribute>(method)?.Route).OfType<string>();

        Assert.All(routes, route => Assert.DoesNotMatch("^/?(admin|runtime)", route));
    }

    [Fact]
    public void Activities_ThatOrchestratorsName_Exist()
    {
        var named = RepositoryFiles.Sources("src", "FuncLimiter.Functions", "Orchestrators")
            .SelectMany(path => CalledActivity().Matches(File.ReadAllText(path)).Select(match => match.Groups["name"].Value)).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.NotNull(FunctionTable.Trigger<ActivityTriggerAttribute>(FunctionTable.All[name])));
    }

    [Fact]
    public void Orchestrators_AskForNoTimeAndNoChance()
    {
        string[] ambient =
        [
            "UtcNow", "DateTime.Now", "TimeProvider", "Random", "Guid.NewGuid", "Environment.", "Task.Run", "Task.Delay", "CancelAsync(", "Thread",
            "ConfigureAwait(false)", "HttpClient", "File.",
        ];
        var found = RepositoryFiles.Sources("src", "FuncLimiter.Functions", "Orchestrators")
            .SelectMany(File.ReadLines)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .Where(line => ambient.Any(word => line.Contains(word, StringComparison.Ordinal)));

        Assert.Empty(found);
    }

    [Fact]
    public void EveryFunctionThatAdmitsOrBegins_IsHandedADurableClient()
    {
        var without = FunctionTable.All.Values
            .Where(method => FunctionTable.Trigger<OrchestrationTriggerAttribute>(method) is null && FunctionTable.Trigger<EntityTriggerAttribute>(method) is null)
            .Where(method => !method.GetParameters().Any(parameter => parameter.ParameterType == typeof(DurableTaskClient)))
            .Select(method => method.Name);

        Assert.All(without, name => Assert.Contains(name, (string[])["RunAsync", "SubmitBatch", "FollowBatch", "FetchBatch", "CancelBatch"]));
    }

    [Fact]
    public void HostJson_IsWhatTheAppGoesBy()
    {
        using var host = JsonDocument.Parse(RepositoryFiles.Read("host.json"));
        var extensions = host.RootElement.GetProperty("extensions");

        Assert.Equal("2.0", host.RootElement.GetProperty("version").GetString());
        Assert.Equal("OpenTelemetry", host.RootElement.GetProperty("telemetryMode").GetString());
        Assert.Equal("", extensions.GetProperty("http").GetProperty("routePrefix").GetString());
        Assert.Equal("%TASKHUB_NAME%", extensions.GetProperty("durableTask").GetProperty("hubName").GetString());
        Assert.False(extensions.GetProperty("serviceBus").GetProperty("autoCompleteMessages").GetBoolean());
    }

    [Fact]
    public void LocalSettings_NameEverySettingThatHostJsonAndTriggersGoBy()
    {
        using var settings = JsonDocument.Parse(RepositoryFiles.Read("local.settings.sample.json"));
        var values = settings.RootElement.GetProperty("Values");

        Assert.All(
            ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "TASKHUB_NAME", "ServiceBusConnection", "FUNCLIMITER_CONFIG"],
            name => Assert.True(values.TryGetProperty(name, out _), name));
        Assert.Equal("dotnet-isolated", values.GetProperty("FUNCTIONS_WORKER_RUNTIME").GetString());
    }

    private static bool Takes(string route, string path)
    {
        const string rest = "/{*rest}";
        path = path.TrimStart('/').Replace("**", "*", StringComparison.Ordinal);
        return route == path || (route.EndsWith(rest, StringComparison.Ordinal) && $"{path}/".StartsWith(route[..^(rest.Length - 1)], StringComparison.Ordinal));
    }

    [GeneratedRegex(@"CallAsync<\w+>\(context, nameof\((?:\w+\.)?(?<name>\w+)\)")]
    private static partial Regex CalledActivity();
}
