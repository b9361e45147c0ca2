using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>The templates compile, and their names, roles and settings are those that the app goes by.</summary>
public partial class InfraTests
{
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"] = "Azure Service Bus Data Receiver",
        ["69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"] = "Azure Service Bus Data Sender",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Key Vault Secrets Officer",
        ["5e0bd9bd-7b93-4f28-af87-37fc36ad61bd"] = "Cognitive Services OpenAI User",
        ["0ad04412-c4d5-4796-b79c-f76d14c8d402"] = "Durable Task Data Contributor",
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
    };

    private static readonly string[] Files =
    [
        .. Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "infra"), "*.bicep", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryFiles.Root, path)),
    ];

    /// <summary>The compiler knows every resource's properties, and the linter its house rules: neither has anything to say.</summary>
    [BicepFact]
    public async Task Templates_CompileAndLintWithoutAFinding()
    {
        foreach (var main in Files.Where(file => Path.GetFileName(file) == "main.bicep").Select(file => Path.Combine(RepositoryFiles.Root, file)))
        {
            CheckLoops(await BicepFactAttribute.CompileAsync(main));
            Assert.Equal((0, ""), await BicepFactAttribute.RunAsync("lint", main));
        }
    }

    [Fact]
    public async Task App_AsPublished_IsCompiledAheadForThePlatformOfItsPlan()
    {
        var start = new ProcessStartInfo(
            "dotnet", ["msbuild", Path.Combine(RepositoryFiles.Root, "src", "FuncLimiter.Functions"), "-p:_IsPublishing=true", "-getProperty:PublishReadyToRun,RuntimeIdentifier,SelfContained"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var properties = JsonNode.Parse(await process.StandardOutput.ReadToEndAsync())!["Properties"]!;
        await process.WaitForExitAsync();

        Assert.Equal(
            ("true", "linux-x64", "false"),
            ((string)properties["PublishReadyToRun"]!, (string)properties["RuntimeIdentifier"]!, (string)properties["SelfContained"]!));
        Assert.Contains("kind: 'functionapp,linux'", RepositoryFiles.Read("infra", "app", "api.bicep"), StringComparison.Ordinal);
    }

    /// <summary>What a mistake looks like to that test.</summary>
    [BicepFact]
    public async Task Template_ThatIsWrong_HasAFinding()
    {
        var wrong = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.bicep");
        try
        {
            await File.WriteAllTextAsync(wrong, "resource a 'Microsoft.ServiceBus/namespaces@2024-01-01' = { name: 'a-name', location: 'x', properties: { nonsense: true } }");
            var (code, said) = await BicepFactAttribute.RunAsync("build", wrong, "--stdout");

            Assert.Contains("BCP037", said, StringComparison.Ordinal);
            Assert.Equal(0, code);
        }
        finally
        {
            File.Delete(wrong);
        }
    }

    [Fact]
    public void OpenAI_HasTheModelAndTheLimitsOfTheConfigurationForAzd()
    {
        var template = RepositoryFiles.Read("infra", "app", "openai.bicep");
        var model = Regex.Match(template, "var model = '(?<name>[^']+)'").Groups["name"].Value;
        var thousands = int.Parse(Regex.Match(template, @"var thousandTokensAMinute = (?<number>\d+)").Groups["number"].Value, CultureInfo.InvariantCulture);
        var read = ConfigurationReader.Read(RepositoryFiles.Read("funclimiter.azd.json"), name => name switch
        {
            "AZURE_OPENAI_ENDPOINT" => "https://oai-abc.openai.azure.com/",
            "FUNCLIMITER_KEY" => "a key that azd made up",
            _ => null,
        });

        Assert.Empty(read.Mistakes);
        var account = Assert.Single(read.Configuration!.Accounts);
        var deployment = Assert.Single(account.Models);
        Assert.Equal((model, ProviderAuth.Entra), (deployment.Model, account.Auth));
        Assert.Contains(deployment.Limits, limit => limit.Amount == thousands * 1000 && limit.Dimension == Dimension.Tokens);
        Assert.Contains($"OpenAI.GlobalStandard.{model},{thousands}'", RepositoryFiles.Read("infra", "main.bicep"), StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_AreThoseThatTheirCommentsName()
    {
        var lines = Files.SelectMany(file => RepositoryFiles.Read(file).Split('\n'));
        var named = lines.Select(line => RoleLine().Match(line)).Where(match => match.Success).ToArray();

        Assert.Equal(Roles.Keys.Order(), named.Select(match => match.Groups["id"].Value).Distinct().Order());
        Assert.All(named, match => Assert.Equal(Roles[match.Groups["id"].Value], match.Groups["name"].Value.Trim()));
    }

    [Fact]
    public void App_IsGivenTheSettingsThatItGoesBy_AndNoKey()
    {
        var api = RepositoryFiles.Read("infra", "app", "api.bicep");

        Assert.All(
            [
                "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__queueServiceUri", "AzureWebJobsStorage__tableServiceUri",
                "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId", "ServiceBusConnection__fullyQualifiedNamespace",
                "ServiceBusConnection__credential", "ServiceBusConnection__clientId", "APPLICATIONINSIGHTS_CONNECTION_STRING", "TASKHUB_NAME",
            ],
            name => Assert.Contains(name, api, StringComparison.Ordinal));
        Assert.DoesNotContain("listKeys", string.Concat(Files.Select(file => RepositoryFiles.Read(file))), StringComparison.Ordinal);
    }

    [Fact]
    public void Queues_AreTheSameEverywhere()
    {
        using var emulator = JsonDocument.Parse(RepositoryFiles.Read("infra", "local", "servicebus.json"));
        var local = emulator.RootElement.GetProperty("UserConfig").GetProperty("Namespaces")[0].GetProperty("Queues")
            .EnumerateArray().Select(queue => queue.GetProperty("Name").GetString()!).ToArray();
        var templates = string.Concat(Files.Select(file => RepositoryFiles.Read(file)));

        Assert.Contains("agent-requests", local);
        Assert.All(local, name => Assert.Contains($"name: '{name}'", templates, StringComparison.Ordinal));
    }

    /// <summary>
    /// The emulator takes 10 deliveries at most.
    /// Source: ServiceBus-Emulator/Schema/Config-schema.json in github.com/Azure/azure-service-bus-emulator-installer, read 2026-11-28.
    /// </summary>
    [Fact]
    public void Deliveries_AreThoseOfTheDocs_AndTheMostThatTheEmulatorTakes()
    {
        const int emulatorMost = 10;
        using var emulator = JsonDocument.Parse(RepositoryFiles.Read("infra", "local", "servicebus.json"));
        var queues = emulator.RootElement.GetProperty("UserConfig").GetProperty("Namespaces")[0].GetProperty("Queues").EnumerateArray()
            .ToDictionary(queue => queue.GetProperty("Name").GetString()!, queue => queue.GetProperty("Properties"));
        var azure = Queue().Matches(string.Concat(Files.Select(file => RepositoryFiles.Read(file))))
            .ToDictionary(match => match.Groups["name"].Value, match => int.Parse(match.Groups["most"].Value, CultureInfo.InvariantCulture));

        Assert.Equal(queues.Keys.Order(), azure.Keys.Order());
        Assert.All(azure, queue => Assert.Equal(Math.Min(queue.Value, emulatorMost), queues[queue.Key].GetProperty("MaxDeliveryCount").GetInt32()));
        Assert.Contains(
            $"up to {azure["agent-requests"]} times on Azure and {emulatorMost} in the emulator", RepositoryFiles.Read("docs", "azure.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_ThatAlertsLookAt_AreThoseOfTheApp()
    {
        var app = string.Concat(RepositoryFiles.Sources("src", "FuncLimiter.Functions", "Hosting")
            .Concat(RepositoryFiles.Sources("src", "FuncLimiter.Gateway", "Operations")).Concat(RepositoryFiles.Sources("src", "FuncLimiter.Gateway", "Calls")).Select(File.ReadAllText));
        var watched = Files.Select(file => RepositoryFiles.Read(file)).Append(RepositoryFiles.Read("infra", "app", "workbook.json"))
            .SelectMany(text => Metric().Matches(text).Select(match => match.Value)).Distinct().ToArray();

        Assert.NotEmpty(watched);
        Assert.All(watched, name => Assert.Contains($"\"{name}\"", app, StringComparison.Ordinal));
    }

    [Fact]
    public void Scheduler_ComesWithItsPackage_BySettingOfTheTemplates()
    {
        const string setting = "DURABLE_BACKEND";
        var project = RepositoryFiles.Read("src", "FuncLimiter.Functions", "FuncLimiter.Functions.csproj");

        Assert.Matches($@"DurableTask\.AzureManaged"" Condition=""'\$\({setting}\)' == 'azureManaged'""", project);
        Assert.Contains($"${{{setting}", RepositoryFiles.Read("infra", "main.parameters.json"), StringComparison.Ordinal);
    }

    [Fact]
    public void Azd_DeploysTheProjectThatIsThere()
    {
        var azure = RepositoryFiles.Read("azure.yaml");
        var project = AzureProject().Match(azure).Groups["path"].Value;

        Assert.True(Directory.Exists(Path.Combine(RepositoryFiles.Root, project)), project);
        Assert.Contains("host: function", azure, StringComparison.Ordinal);
    }

    /// <summary>The compiler lets a loop's place slip into what stands outside the loop; Azure Resource Manager refuses that.</summary>
    private static void CheckLoops(JsonNode template)
    {
        var resources = template["resources"]!;
        foreach (var resource in resources is JsonArray list ? [.. list] : resources.AsObject().Select(entry => entry.Value).ToArray())
        {
            var module = (string?)resource!["type"] == "Microsoft.Resources/deployments" ? resource["properties"]!.AsObject() : null;
            var inner = module?["template"];
            module?.Remove("template");
            Assert.True(resource["copy"] is not null || !resource.ToJsonString().Contains("copyIndex", StringComparison.Ordinal), $"{resource["name"]}");
            if (inner is not null)
            {
                CheckLoops(inner);
            }
        }
    }

    [GeneratedRegex(@"'(?<id>[0-9a-f]{8}-[0-9a-f-]{27})' // (?<name>[^\n]+)")]
    private static partial Regex RoleLine();

    [GeneratedRegex(@"funclimiter\.[a-z_]+(\.[a-z_]+)*(?=\\?"")")]
    private static partial Regex Metric();

    [GeneratedRegex(@"name: '(?<name>agent-[a-z]+)'.*?maxDeliveryCount: (?<most>\d+)", RegexOptions.Singleline)]
    private static partial Regex Queue();

    [GeneratedRegex(@"project: \./(?<path>\S+)")]
    private static partial Regex AzureProject();
}
