using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What infra/container-app deploys is the image that this repository makes, run as it is to be run.</summary>
public sealed partial class ContainerAppTests
{
    private static readonly string Project = RepositoryFiles.Read("src", "FuncLimiter.Server", "FuncLimiter.Server.csproj");

    [BicepFact]
    public async Task App_RunsTheImageOnce_AndLeavesItTheTimeToEnd()
    {
        var arguments = Arguments().Match(Project).Groups[1].Value.Split(';');
        var template = await BicepFactAttribute.CompileAsync(Path.Combine(RepositoryFiles.Root, "infra", "container-app", "main.bicep"));
        var properties = Resource(template, "Microsoft.App/containerApps")["properties"]!;
        var pod = properties["template"]!;
        var container = Assert.Single(pod["containers"]!.AsArray())!;
        var mounts = container["volumeMounts"]!.AsArray().ToDictionary(mount => (string)mount!["volumeName"]!, mount => (string)mount!["mountPath"]!);
        var volumes = pod["volumes"]!.AsArray().ToDictionary(volume => (string)volume!["name"]!, volume => volume!);
        var probes = container["probes"]!.AsArray().ToDictionary(probe => (string)probe!["type"]!, probe => (string)probe!["httpGet"]!["path"]!);

        Assert.Equal((1, 1), ((int)pod["scale"]!["minReplicas"]!, (int)pod["scale"]!["maxReplicas"]!));
        Assert.Equal(Port().Match(Project).Groups[1].Value, template["variables"]!["port"]!.ToString());
        Assert.Equal("[variables('port')]", (string)properties["configuration"]!["ingress"]!["targetPort"]!);
        Assert.Equal(
            arguments[Array.IndexOf(arguments, "--config") + 1], $"{mounts["configuration"]}/{volumes["configuration"]["secrets"]![0]!["path"]}");
        Assert.StartsWith(mounts["data"] + "/", arguments[Array.IndexOf(arguments, "--data") + 1], StringComparison.Ordinal);

        // It ends within 30 seconds.
        Assert.InRange((int)pod["terminationGracePeriodSeconds"]!, 35, 120);
        Assert.Equal(("/health/ready", "/health/live", "/health/live"), (probes["Readiness"], probes["Liveness"], probes["Startup"]));
    }

    /// <summary>A second server must not begin beside the first, and SQLite's log can't live on a share over SMB.</summary>
    [BicepFact]
    public async Task Data_IsOnAShareThatSqliteBears_AndOneServersAtATime()
    {
        var template = await BicepFactAttribute.CompileAsync(Path.Combine(RepositoryFiles.Root, "infra", "container-app", "main.bicep"));
        var properties = Resource(template, "Microsoft.App/containerApps")["properties"]!;
        var storage = Resource(template, "Microsoft.Storage/storageAccounts")["properties"]!;

        Assert.Equal("Multiple", (string)properties["configuration"]!["activeRevisionsMode"]!);
        Assert.Equal("NfsAzureFile", (string)properties["template"]!["volumes"]!.AsArray().Single(volume => (string)volume!["name"]! == "data")!["storageType"]!);
        Assert.Equal("NFS", (string)Resource(template, "Microsoft.Storage/storageAccounts/fileServices/shares")["properties"]!["enabledProtocols"]!);
        Assert.False((bool)storage["supportsHttpsTrafficOnly"]!);
        Assert.Equal("Deny", (string)storage["networkAcls"]!["defaultAction"]!);
        Assert.Contains("secretUriWithVersion", RepositoryFiles.Read("infra", "container-app", "keys.bicep"), StringComparison.Ordinal);
    }

    [Fact]
    public void Configuration_IsValid_HasTenantsAndOperators_AndWaitsNoLongerThanTheIngress()
    {
        var read = ConfigurationReader.Read(RepositoryFiles.Read("infra", "container-app", "funclimiter.json"), static name => $"any-{name}");

        Assert.Empty(read.Mistakes);
        Assert.NotEmpty(read.Configuration!.Tenants);
        Assert.NotEmpty(read.Configuration.Admin.Keys);
        Assert.All(Enum.GetValues<Priority>(), priority => Assert.InRange(read.Configuration.Queue.MaxWait(priority), TimeSpan.Zero, TimeSpan.FromSeconds(180)));
    }

    [BicepFact]
    public async Task Parameters_NameTheKeysOfTheConfiguration_AndAskForEach()
    {
        var asked = new SortedSet<string>(StringComparer.Ordinal);
        _ = ConfigurationReader.Read(RepositoryFiles.Read("infra", "container-app", "funclimiter.json"), name =>
        {
            asked.Add(name);
            return $"any-{name}";
        });
        var file = Path.Combine(RepositoryFiles.Root, "infra", "container-app", "main.bicepparam");
        var set = await BicepFactAttribute.RunAsync(asked.ToDictionary(name => name, name => (string?)$"any-{name}"), "build-params", file, "--stdout");
        var unset = await BicepFactAttribute.RunAsync(asked.ToDictionary(name => name, _ => (string?)null), "build-params", file, "--stdout");

        Assert.Equal((0, ""), (set.Code, set.Said));
        var parameters = JsonNode.Parse((string)JsonNode.Parse(set.Written)!["parametersJson"]!)!["parameters"]!;
        Assert.Equal(asked, parameters["keyNames"]!["value"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal));
        Assert.Equal(asked, parameters["keys"]!["value"]!.AsObject().Select(key => key.Key).Order(StringComparer.Ordinal));
        Assert.All(parameters["keys"]!["value"]!.AsObject(), key => Assert.Equal($"any-{key.Key}", (string)key.Value!));
        Assert.NotEqual(0, unset.Code);
        Assert.All(asked, name => Assert.Contains($"\"{name}\" does not exist", unset.Said, StringComparison.Ordinal));
    }

    // Nested resources stand beside their parents in what is compiled.
    private static JsonNode Resource(JsonNode template, string type)
    {
        var resources = template["resources"]!;
        return (resources is JsonArray list ? [.. list] : resources.AsObject().Select(entry => entry.Value).ToArray()).Single(resource => (string)resource!["type"]! == type)!;
    }

    [GeneratedRegex("<ContainerDefaultArgs Include=\"([^\"]+)\"")]
    private static partial Regex Arguments();

    [GeneratedRegex("<ContainerPort Include=\"([^\"]+)\"")]
    private static partial Regex Port();
}
