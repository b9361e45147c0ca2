using System.Diagnostics;
using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Tests.Processes;
using YamlDotNet.RepresentationModel;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>What infra/kubernetes deploys is the image that this repository makes, run as it is to be run.</summary>
public sealed partial class KubernetesTests
{
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "infra", "kubernetes");

    [Fact]
    public void StatefulSet_RunsTheImageOnce_AndLeavesItTheTimeToEnd()
    {
        var project = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "FuncLimiter.Server", "FuncLimiter.Server.csproj"));
        var arguments = Arguments().Match(project).Groups[1].Value.Split(';');
        var spec = Read("statefulset.yaml")["spec"];
        var pod = spec["template"]["spec"];
        var container = Assert.Single((YamlSequenceNode)pod["containers"]);
        var mounts = ((YamlSequenceNode)container["volumeMounts"]).ToDictionary(mount => mount["name"].ToString(), mount => mount["mountPath"].ToString());

        Assert.Equal("1", spec["replicas"].ToString());
        Assert.Equal(Repository().Match(project).Groups[1].Value, container["image"].ToString());
        Assert.Equal(Port().Match(project).Groups[1].Value, Assert.Single((YamlSequenceNode)container["ports"])["containerPort"].ToString());
        Assert.Equal(Path.GetDirectoryName(arguments[Array.IndexOf(arguments, "--config") + 1])!.Replace('\\', '/'), mounts["configuration"]);
        Assert.StartsWith(mounts["data"] + "/", arguments[Array.IndexOf(arguments, "--data") + 1], StringComparison.Ordinal);

        // It ends within 30 seconds.
        Assert.InRange(int.Parse(pod["terminationGracePeriodSeconds"].ToString(), System.Globalization.CultureInfo.InvariantCulture), 35, 120);
        Assert.Equal("/health/ready", container["readinessProbe"]["httpGet"]["path"].ToString());
        Assert.Equal("/health/live", container["livenessProbe"]["httpGet"]["path"].ToString());
    }

    [Fact]
    public void Configuration_IsValid_AndHasTenants_SinceItIsReachedFromOutside()
    {
        var read = ConfigurationReader.Read(File.ReadAllText(Path.Combine(Folder, "funclimiter.json")), static name => $"any-{name}");

        Assert.Empty(read.Mistakes);
        Assert.NotEmpty(read.Configuration!.Tenants);
    }

    [KubectlFact]
    public async Task Kustomization_IsRendered_WithItsConfigurationInANameOfItsOwn()
    {
        var (code, said) = await KubectlFactAttribute.RunAsync("kustomize", Folder);

        Assert.True(code == 0, said);
        var kinds = Kind().Matches(said).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(["ConfigMap", "Service", "StatefulSet"], kinds);
        Assert.Matches(@"configMap:\s+name: funclimiter-\w{10}\s", said);
    }

    private static YamlNode Read(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(Folder, file));
        yaml.Load(reader);
        return yaml.Documents[0].RootNode;
    }

    [GeneratedRegex("<ContainerDefaultArgs Include=\"([^\"]+)\"")]
    private static partial Regex Arguments();

    [GeneratedRegex("<ContainerRepository>([^<]+)<")]
    private static partial Regex Repository();

    [GeneratedRegex("<ContainerPort Include=\"([^\"]+)\"")]
    private static partial Regex Port();

    [GeneratedRegex("^kind: (\\w+)", RegexOptions.Multiline)]
    private static partial Regex Kind();
}

/// <summary>A test that needs kubectl, skipped where it is not on the path.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KubectlFactAttribute : FactAttribute
{
    private static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "kubectl.exe" : "kubectl")).FirstOrDefault(File.Exists);

    public KubectlFactAttribute() => Skip = Program is null ? "kubectl is not installed" : null;

    /// <summary>Runs it; its exit code, and what it said.</summary>
    public static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said + await errors);
    }
}
