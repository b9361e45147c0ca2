using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Hosting;
using FuncLimiter.Functions.Storage;
using Microsoft.Extensions.Configuration;

namespace FuncLimiter.Functions.Tests.Hosting;

public class ConfigurationTests
{
    private const string File = """
        {
          // A comment.
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "gpt-x", "limits": { "rpm": 10 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"], "weight": 3 }],
        }
        """;

    [Fact]
    public void SampleConfiguration_IsValid_AndWaitsNoLongerThanAzuresFrontEnd()
    {
        var errors = new StringWriter();
        var configuration = AppConfiguration.Read(
            RepositoryFiles.Root,
            name => name switch
            {
                "FUNCLIMITER_CONFIG" => "funclimiter.sample.json",
                "OPENAI_API_KEY" => "put a key here",
                "AZURE_FUNCTIONS_ENVIRONMENT" => "Development",
                _ => null,
            },
            file => file,
            errors);

        Assert.Equal("", errors.ToString());
        Assert.NotNull(configuration);
        Assert.Equal(
            (TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(180)),
            (configuration.Queue.MaxWaitInteractive, configuration.Queue.MaxWaitStandard, configuration.Queue.MaxWaitBackground));
    }

    [Fact]
    public void ConfigurationWithoutTenants_DoesNotServeOutsideADevelopersMachine()
    {
        var errors = new StringWriter();
        var configuration = AppConfiguration.Read(
            RepositoryFiles.Root,
            name => name switch { "FUNCLIMITER_CONFIG" => "funclimiter.sample.json", "OPENAI_API_KEY" => "k", _ => null },
            file => file,
            errors);

        Assert.Null(configuration);
        Assert.Contains("$.tenants", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void StartThatFails_IsAnErrorToTheHost_WithEveryMistake()
    {
        var errors = new StringWriter();
        Assert.Null(AppConfiguration.Read(
            RepositoryFiles.Root,
            name => name == "FUNCLIMITER_CONFIG" ? "funclimiter.sample.json" : null,
            _ => """{"accounts":[{"id":"one","provider":"nobody","apiKey":"${KEY}"}],"nonsense":1}"""u8.ToArray(),
            errors));
        var mistakes = errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        var lines = StartFailure.Write(errors.ToString()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.True(mistakes.Length > 2);
        Assert.Equal(mistakes.Length + 1, lines.Length);
        Assert.All(mistakes, mistake => Assert.Contains($"error: {mistake}", lines));
        Assert.Contains($"{mistakes.Length} mistakes", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(line.Contains("error", StringComparison.Ordinal) && !line.Contains("warn", StringComparison.OrdinalIgnoreCase), line));
    }

    [Fact]
    public void MissingConfiguration_SaysWhereItIsLookedFor()
    {
        var errors = new StringWriter();

        Assert.Null(AppConfiguration.Read(Path.Combine(RepositoryFiles.Root, "infra"), _ => null, file => file, errors));
        Assert.Contains("funclimiter.json", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Overlay_AddsAndReplacesTenantsAndLimits()
    {
        Row[] rows =
        [
            ConfigurationOverlay.ToRow(ConfigurationOverlay.Tenants, "acme", (JsonObject)JsonNode.Parse("""{"id":"acme","keys":[],"weight":5}""")!),
            ConfigurationOverlay.ToRow(ConfigurationOverlay.Tenants, "beta", (JsonObject)JsonNode.Parse("""{"id":"beta","keys":[]}""")!),
            ConfigurationOverlay.ToRow(ConfigurationOverlay.Limits, "one|gpt-x", (JsonObject)JsonNode.Parse("""{"rpm":99}""")!),
            ConfigurationOverlay.ToRow(ConfigurationOverlay.Limits, "one", (JsonObject)JsonNode.Parse("""{"rpm":500}""")!),
            ConfigurationOverlay.ToRow(ConfigurationOverlay.Limits, "nobody", (JsonObject)JsonNode.Parse("""{"rpm":1}""")!),
        ];

        var root = JsonNode.Parse(ConfigurationOverlay.Apply(Encoding.UTF8.GetBytes(File), rows))!;

        Assert.Equal([5, null], root["tenants"]!.AsArray().Select(tenant => tenant!["weight"]?.GetValue<int>()));
        Assert.Equal(99, root["accounts"]![0]!["models"]![0]!["limits"]!["rpm"]!.GetValue<int>());
        Assert.Equal(500, root["accounts"]![0]!["limits"]!["rpm"]!.GetValue<int>());
    }

    [Fact]
    public void Overlay_OverAFileThatCanNotBeRead_LeavesItToTheReader()
    {
        var broken = "{"u8.ToArray();

        Assert.Same(broken, ConfigurationOverlay.Apply(broken, [new Row(ConfigurationOverlay.Tenants, "a") { Values = { ["Json"] = "{}" } }]));
    }

    [Fact]
    public void Connection_IsAConnectionStringOrAnAddressWithAnIdentity()
    {
        var text = Settings(("AzureWebJobsStorage", "UseDevelopmentStorage=true"));
        var identity = Settings(("AzureWebJobsStorage:blobServiceUri", "https://x.blob.core.windows.net"), ("AzureWebJobsStorage:accountName", "x"));

        Assert.Equal("UseDevelopmentStorage=true", text.ConnectionString);
        Assert.Null(identity.ConnectionString);
        Assert.Equal("https://x.blob.core.windows.net/", identity.ServiceUri("blob").ToString());
        Assert.Equal("https://x.table.core.windows.net/", identity.ServiceUri("table").ToString());
        Assert.Throws<InvalidOperationException>(() => Settings().ServiceUri("table"));
    }

    private static StorageSettings Settings(params (string Name, string Value)[] values) => new(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create<string, string?>(value.Name, value.Value))).Build(),
        "AzureWebJobsStorage");
}
