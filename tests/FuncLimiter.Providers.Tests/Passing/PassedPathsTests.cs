using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Providers.Tests.Passing;

public class PassedPathsTests
{
    [Theory]
    [InlineData("POST", "/v1/completions", "openai", "https://api.openai.com/v1/completions")]
    [InlineData("POST", "/openai/v1/images/generations", "openai", "https://api.openai.com/v1/images/generations")]
    [InlineData("GET", "/v1/files/file-1/content", "azure-openai", "https://host.example/openai/v1/files/file-1/content")]
    [InlineData("POST", "/openai/deployments/asked/audio/speech", "azure-openai", "https://host.example/openai/deployments/named/audio/speech?api-version=2024-10-21")]
    [InlineData("GET", "/openai/files", "azure-openai", "https://host.example/openai/files?api-version=2024-10-21")]
    [InlineData("POST", "/v1/moderations", "groq", "https://api.groq.com/openai/v1/moderations")]
    [InlineData("POST", "/v1/rerank", "cohere", "https://api.cohere.ai/v1/rerank")]
    [InlineData("POST", "/v1/messages/batches", "anthropic", "https://api.anthropic.com/v1/messages/batches")]
    [InlineData("POST", "/v1beta/models/asked:streamGenerateContent", "gemini", "https://generativelanguage.googleapis.com/v1beta/models/named:streamGenerateContent")]
    [InlineData("POST", "/upload/v1beta/files", "gemini", "https://generativelanguage.googleapis.com/upload/v1beta/files")]
    [InlineData("POST", "/model/asked%3A0/converse", "bedrock", "https://host.example/model/named/converse")]
    public void Address_IsWhereThatProviderHasThePath(string method, string path, string provider, string address)
    {
        var rules = ProviderCatalog.Get(provider);
        var target = new ProviderTarget(rules.DefaultEndpoint ?? new Uri("https://host.example"), "key", "named", null);

        var found = PassedPaths.Find(method, path, isAnthropic: false)!;

        Assert.Equal(address, rules.PassedAddress(target, found, "")!.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("https://host.example/v1beta/models")]
    [InlineData("https://host.example/v1beta/openai")]
    [InlineData("https://host.example")]
    public void Address_OfGemini_IsAtTheRootOfItsHost(string endpoint)
    {
        var path = PassedPaths.Find("GET", "/v1beta/files", isAnthropic: false)!;

        var address = ProviderCatalog.Get("gemini").PassedAddress(new ProviderTarget(new Uri(endpoint), "key", "*", null), path, "?pageSize=3");

        Assert.Equal("https://host.example/v1beta/files?pageSize=3", address!.Uri.AbsoluteUri);
    }

    [Fact]
    public void Address_OfVertex_IsInTheAccountsOwnProject()
    {
        var path = PassedPaths.Find("POST", "/v1/projects/theirs/locations/here/publishers/anthropic/models/asked:rawPredict", isAnthropic: false)!;

        var address = ProviderCatalog.Get("vertex").PassedAddress(
            new ProviderTarget(new Uri("https://host.example/v1/projects/ours/locations/there/endpoints/openapi"), "token", "named", null), path, "");

        Assert.Equal("asked", path.Model);
        Assert.Equal("https://host.example/v1/projects/ours/locations/there/publishers/anthropic/models/named:rawPredict", address!.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("/v1/organization/admin_api_keys")]
    [InlineData("/v1/organizations/usage_report/messages")]
    [InlineData("/V1/Projects")]
    [InlineData("/v1/projects/p/secrets")]
    [InlineData("/v1/%6Frganization/users")]
    [InlineData("/v1/keys")]
    [InlineData("/v1/credits")]
    [InlineData("/v1/me")]
    [InlineData("/v1/dashboard/billing/credit_grants")]
    [InlineData("/v1/files/%2e%2e/organization")]
    [InlineData("/v1/files/..%2forganization")]
    [InlineData("/v1/files/%252e%252e%252forganization")]
    [InlineData("/v1/files/..%5corganization")]
    [InlineData("/v1/fine_tuning/checkpoints/ft/permissions")]
    [InlineData("/v1/models/ft:gpt")]
    [InlineData("/openai/deployments/named")]
    [InlineData("/v1/{model}/x")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    [InlineData("/")]
    [InlineData("/anything/else")]
    public void Find_OfWhatAdministersOrIsNoApi_FindsNothing(string path) =>
        Assert.All(new[] { "GET", "POST", "DELETE" }, method => Assert.Null(PassedPaths.Find(method, path, isAnthropic: false)));

    [Theory]
    [InlineData("/v1beta/models", null)]
    [InlineData("/v1alpha/models/", null)]
    [InlineData("/v1beta/models/maker%2Fsmall", "maker/small")]
    [InlineData("/v1beta/openai/models", null)]
    [InlineData("/openai/models/gpt-x", "gpt-x")]
    public void IsModels_OfAnApisOwnPlaceForThem_TellsWhich_AndNoneIsPassed(string path, string? model)
    {
        Assert.True(PassedPaths.IsModels(path, out var asked));

        Assert.Equal(model, asked);
        Assert.All(new[] { "GET", "POST", "DELETE" }, method => Assert.Null(PassedPaths.Find(method, path, isAnthropic: false)));
    }

    [Theory]
    [InlineData("/v1beta/models/m:generateContent")]
    [InlineData("/v1beta/models/veo-3/operations/op-1")]
    [InlineData("/v1beta/tunedModels")]
    [InlineData("/v1beta/files")]
    public void IsModels_OfAnythingElse_IsFalse(string path) => Assert.False(PassedPaths.IsModels(path, out _));

    [Theory]
    [InlineData("GET", "/v1/files", true)]
    [InlineData("GET", "/v1/messages/batches", true)]
    [InlineData("GET", "/v1/files/file-abc", false)]
    [InlineData("POST", "/v1/files", false)]
    [InlineData("GET", "/v1beta/models/veo-3/operations/op-1", false)]
    public void Find_TellsWhatListsAnAccount(string method, string path, bool lists) =>
        Assert.Equal(lists, PassedPaths.Find(method, path, isAnthropic: false)!.Lists);

    [Theory]
    [InlineData("POST", "/v1/responses/resp_1/cancel", "resp_1", false)]
    [InlineData("GET", "/v1/responses/resp_1/input_items", "resp_1", false)]
    [InlineData("POST", "/v1/responses/input_tokens", "", false)]
    [InlineData("POST", "/v1/threads/thread_1/messages", "thread_1", true)]
    [InlineData("GET", "/v1beta/cachedContents/abc1", "cachedContents/abc1", false)]
    [InlineData("DELETE", "/v1/files/file-1", "file-1", false)]
    public void Find_TellsTheIdsAndWhetherTheAnswerTellsUsage(string method, string path, string ids, bool tellsUsage)
    {
        var found = PassedPaths.Find(method, path, isAnthropic: false)!;

        Assert.Equal(ids, string.Join(' ', found.Ids));
        Assert.Equal(tellsUsage, found.TellsUsage);
    }

    [Theory]
    [InlineData("/chat/completions", "/v1/chat/completions")]
    [InlineData("/files", "/v1/files")]
    [InlineData("/jobs", null)]
    [InlineData("/status", null)]
    [InlineData("/", null)]
    public void WithVersion_AddsTheOneThatWasLeftOut(string path, string? usual) => Assert.Equal(usual, PassedPaths.WithVersion(path));
}
