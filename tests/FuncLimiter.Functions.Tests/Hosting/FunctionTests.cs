using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Jobs;
using Microsoft.AspNetCore.Routing.Template;
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

    /// <summary>
    /// The host tries routes in the order of their functions' names, letters of either case alike, and takes the first whose template and
    /// methods fit. Source: FunctionMetadataManager and WebScriptHostHttpRoutesManager in github.com/Azure/azure-functions-host, read 2026-11-28.
    /// </summary>
    [Fact]
    public void EveryRoute_IsReachedByItsOwnCalls_BeforeAnyOtherTakesThem()
    {
        var functions = FunctionTable.All
            .Select(function => (Name: function.Key, Trigger: FunctionTable.Trigger<HttpTriggerAttribute>(function.Value)!))
            .Where(function => function.Trigger is not null)
            .OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase).ToArray();
        var calls = functions.SelectMany(function =>
            from method in function.Trigger.Methods!
            from path in Samples(function.Trigger.Route!)
            select (function.Name, Method: method, Path: path)).ToArray();

        Assert.True(calls.Length > functions.Length);
        Assert.All(calls, call => Assert.Equal(call.Name, functions.First(function => Fits(function.Trigger, call.Method, call.Path)).Name));
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
        var storage = extensions.GetProperty("durableTask").GetProperty("storageProvider");
        Assert.All(
            ["workItemQueueVisibilityTimeout", "controlQueueVisibilityTimeout"], name => Assert.Equal("00:01:00", storage.GetProperty(name).GetString()));
        Assert.Equal("Warning", host.RootElement.GetProperty("logging").GetProperty("logLevel").GetProperty("Azure.Core").GetString());
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

    private static IEnumerable<string> Samples(string route)
    {
        var parts = TemplateParser.Parse(route).Segments.Select(segment => segment.Parts.Single()).ToArray();
        var named = string.Concat(parts.Where(part => !part.IsCatchAll).Select(part => $"/{part.Text ?? "some"}"));
        string[] rests = parts.Any(part => part.IsCatchAll) ? ["/one", "/one/more", "/one/more/still"] : [""];
        return rests.Select(rest => named + rest);
    }

    private static bool Fits(HttpTriggerAttribute trigger, string method, string path) =>
        trigger.Methods!.Contains(method, StringComparer.OrdinalIgnoreCase)
        && new TemplateMatcher(TemplateParser.Parse(trigger.Route!), []).TryMatch(path, []);

    private static bool Takes(string route, string path)
    {
        const string rest = "/{*rest}";
        path = path.TrimStart('/').Replace("**", "*", StringComparison.Ordinal);
        return route == path || (path.Length == 0 && route == "{*path}") || (route.EndsWith(rest, StringComparison.Ordinal) && $"{path}/".StartsWith(route[..^(rest.Length - 1)], StringComparison.Ordinal));
    }

    [GeneratedRegex(@"CallAsync<\w+>\(context, nameof\((?:\w+\.)?(?<name>\w+)\)")]
    private static partial Regex CalledActivity();
}
