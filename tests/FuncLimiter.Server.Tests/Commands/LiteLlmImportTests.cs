using System.Text.Json.Nodes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Importing;

namespace FuncLimiter.Server.Tests.Commands;

public sealed class LiteLlmImportTests
{
    private const string Whole = """
        model_list:
          - model_name: gpt-4o
            litellm_params:
              model: azure/gpt-4o-eu
              api_base: https://contoso-eu.openai.azure.com/
              api_key: os.environ/AZURE_API_KEY_EU
              rpm: 480
              tpm: 100000
            model_info: { input_cost_per_token: 0.0000025, output_cost_per_token: 0.00001 }
          - model_name: gpt-4o
            litellm_params: { model: openai/gpt-4o, rpm: 500, order: 2 }
          - model_name: claude
            litellm_params: { model: claude-sonnet-4-5, max_parallel_requests: 20 }
          - model_name: local
            litellm_params: { model: openai/llama-3, api_base: "http://127.0.0.1:8000/v1", api_key: none }
          - model_name: nova
            litellm_params: { model: bedrock/converse/amazon.nova, aws_region_name: us-east-1 }
        router_settings:
          model_group_alias: { gpt-4: gpt-4o }
        litellm_settings:
          fallbacks: [{ gpt-4o: [claude] }, { claude: [gpt-4o] }]
        general_settings:
          master_key: sk-1234
        """;

    [Fact]
    public void Read_OfAWholeFile_MakesAConfigurationThatIsValid()
    {
        var result = ConfigurationReader.Read(System.Text.Encoding.UTF8.GetBytes(new LiteLlmImport().Read(Whole).ToJsonString()), _ => "set");

        Assert.Empty(result.Mistakes);
        Assert.Equal(
            [("azure-openai", "azure-openai"), ("openai", "openai"), ("anthropic", "anthropic"), ("openai-compatible", "openai-compatible"), ("bedrock", "bedrock")],
            new LiteLlmImport().Read(Whole)["accounts"]!.AsArray().Select(account => ((string)account!["id"]!, (string)account["provider"]!)));
    }

    [Fact]
    public void Deployment_HasItsAddressSecretLimitsAndPrice()
    {
        var account = new LiteLlmImport().Read(Whole)["accounts"]![0]!;

        Assert.Equal(
            """{"id":"azure-openai","provider":"azure-openai","endpoint":"https://contoso-eu.openai.azure.com","apiKey":"${AZURE_API_KEY_EU}","models":[{"model":"gpt-4o-eu","limits":{"rpm":480,"tpm":100000},"price":{"input":2.5,"output":10}}]}""",
            account.ToJsonString());
    }

    [Theory]
    [InlineData("gpt-4o", "azure-openai/gpt-4o-eu", "openai/gpt-4o anthropic/claude-sonnet-4-5")]
    [InlineData("claude", "anthropic/claude-sonnet-4-5", "azure-openai/gpt-4o-eu openai/gpt-4o")]
    [InlineData("gpt-4", "azure-openai/gpt-4o-eu", "openai/gpt-4o")]
    [InlineData("nova", "bedrock/amazon.nova", "")]
    public void Route_HasItsTargetsAndFallsBackInOrder(string model, string targets, string fallback)
    {
        var route = new LiteLlmImport().Read(Whole)["routes"]!.AsArray().Single(each => (string)each!["model"]! == model)!;

        Assert.Equal(targets, string.Join(' ', route["targets"]!.AsArray().Select(each => (string)each!)));
        Assert.Equal(fallback, string.Join(' ', (route["fallback"] as JsonArray ?? []).Select(each => (string)each!)));
    }

    [Fact]
    public void Account_IsOneForEachKeyAndAddress()
    {
        var accounts = new LiteLlmImport().Read("""
            model_list:
              - { model_name: a, litellm_params: { model: openai/a, api_key: os.environ/ONE } }
              - { model_name: b, litellm_params: { model: openai/b, api_key: os.environ/ONE } }
              - { model_name: b, litellm_params: { model: openai/b, api_key: os.environ/TWO } }
            """)["accounts"]!.AsArray();

        Assert.Equal(["openai", "openai-2"], accounts.Select(account => (string)account!["id"]!));
        Assert.Equal([2, 1], accounts.Select(account => account!["models"]!.AsArray().Count));
    }

    [Fact]
    public void Secret_InTheFile_IsNamedAndNotCarriedOver()
    {
        var import = new LiteLlmImport();
        var json = import.Read("model_list: [{ model_name: m, litellm_params: { model: openai/m, api_key: sk-very-secret } }]\ngeneral_settings: { master_key: sk-master }").ToJsonString();

        Assert.DoesNotContain("sk-", json + string.Join(' ', import.Taken.Concat(import.Left)), StringComparison.Ordinal);
        Assert.Contains(import.Left, line => line.StartsWith("model_list[0].litellm_params.api_key: a secret stands in the file", StringComparison.Ordinal));
        Assert.Contains("sha256:", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model_list: [{ model_name: 'openai/*', litellm_params: { model: 'openai/*' } }]", "model_list[0] (openai/*): a pattern")]
    [InlineData("model_list: [{ model_name: m, litellm_params: { model: replicate/m } }]", "model_list[0] (m): there is no provider 'replicate'")]
    [InlineData("model_list: [{ model_name: m, litellm_params: { model: azure/m } }]", "model_list[0]: its address is not in the file")]
    [InlineData("model_list: [{ model_name: m }]", "model_list[0]: a model_name and litellm_params.model are needed")]
    [InlineData("model_list: []\nrouter_settings: { routing_strategy: least-busy }", "router_settings.routing_strategy: calls go to")]
    [InlineData("model_list: []\nlitellm_settings: { something_new: 1 }", "litellm_settings.something_new: has no counterpart")]
    [InlineData("model_list: []\nrouter_settings: { fallbacks: [{ a: [b] }] }", "router_settings.fallbacks: there is no model_name 'a'")]
    public void What_IsNotTakenOver_IsSaid(string yaml, string said)
    {
        var import = new LiteLlmImport();
        import.Read(yaml);

        Assert.Contains(import.Left, line => line.StartsWith(said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("just words")]
    [InlineData("a: [")]
    [InlineData("accounts: []")]
    public void What_IsNoConfigurationOfLiteLlm_IsRefused(string yaml) => Assert.Throws<FormatException>(() => new LiteLlmImport().Read(yaml));
}
