using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class RouteReadingTests
{
    [Fact]
    public void Routes_WhenAModelHasNone_GetOneOverAllItsDeployments()
    {
        var routes = Sample.Valid(Sample.With("routes", "[]")).Routes;

        Assert.Equal(["gpt-x", "gpt-y", "claude-x"], routes.Select(route => route.Model));
        Assert.Equal(["openai-east/gpt-x", "openai-west/gpt-x"], routes[0].Targets);
        Assert.All(routes, route => Assert.Empty(route.Fallback));
    }

    [Fact]
    public void Routes_WhenOneIsWrittenForAModel_ReplaceTheImplicitOne()
    {
        var routes = Sample.Valid(Sample.Json).Routes;

        Assert.Equal(["gpt-x", "gpt-y", "claude-x"], routes.Select(route => route.Model));
        Assert.Equal(["anthropic-1/claude-x"], routes[0].Fallback);
    }

    [Fact]
    public void Fallback_WhenItNamesARoute_TakesThatRoutesDeploymentsInOrderAndOnce()
    {
        var routes = Sample.Valid(Sample.With("routes", """
            [
              { "model": "smart", "targets": ["openai-east/gpt-x"], "fallback": ["cheap", "gpt-x"] },
              { "model": "cheap", "targets": ["openai-east/gpt-y"], "fallback": ["claude-x"] }
            ]
            """)).Routes;

        Assert.Equal(["openai-east/gpt-y", "anthropic-1/claude-x", "openai-west/gpt-x"], routes[0].Fallback);
    }

    [Theory]
    [InlineData("targets", "openai-east/gpt-z", "$.routes[0].targets[0]", "openai-east/gpt-")]
    [InlineData("targets", "openai-esat/gpt-x", "$.routes[0].targets[0]", "openai-east/gpt-x")]
    [InlineData("targets", "somewhere", "$.routes[0].targets[0]", "account/model")]
    [InlineData("targets", "gpt-y", "$.routes[0].targets[0]", "fallback only")]
    [InlineData("fallback", "anthropic-1/claude", "$.routes[0].fallback[0]", "anthropic-1/claude-x")]
    public void Target_WhenItDoesNotExist_IsToldWithTheNearest(string member, string text, string path, string fix)
    {
        var mistake = Sample.Mistake($"routes[0].{member}[0]", $"\"{text}\"");

        Assert.Equal(path, mistake.Path);
        Assert.Contains(text, mistake.Found, StringComparison.Ordinal);
        Assert.Contains(fix, mistake.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Route_WhenADeploymentStandsTwice_IsToldWhereItStandsFirst()
    {
        var mistake = Sample.Mistake("routes[0].fallback[0]", "\"openai-west/gpt-x\"");

        Assert.Equal("$.routes[0].fallback[0]", mistake.Path);
        Assert.Contains("$.routes[0].targets[1]", mistake.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Fallback_WhenItNamesItsOwnRoute_IsAMistake() =>
        Assert.Contains("the route itself", Sample.Mistake("routes[0].fallback[0]", "\"gpt-x\"").Found, StringComparison.Ordinal);

    [Fact]
    public void Fallback_WhenRoutesFallBackToEachOther_IsAMistakeInEach()
    {
        var mistakes = Sample.Read(Sample.With("routes", """
            [
              { "model": "a", "targets": ["openai-east/gpt-x"], "fallback": ["b"] },
              { "model": "b", "targets": ["openai-east/gpt-y"], "fallback": ["c"] },
              { "model": "c", "targets": ["openai-west/gpt-x"], "fallback": ["a"] },
              { "model": "d", "targets": ["openai-west/gpt-x"], "fallback": ["a"] }
            ]
            """)).Mistakes;

        Assert.Equal(["$.routes[0].fallback[0]", "$.routes[1].fallback[0]", "$.routes[2].fallback[0]"], mistakes.Select(mistake => mistake.Path));
    }

    [Fact]
    public void Route_WhenItHasMoreDeploymentsThanAnAdmissionCanTellApart_IsAMistake()
    {
        var accounts = string.Join(",", Enumerable.Range(0, 65).Select(n => $$"""{"id":"a{{n}}","provider":"openai","apiKey":"${HOOK}","models":[{"model":"m"}]}"""));

        var mistake = Assert.Single(Sample.Read($$"""{"accounts":[{{accounts}}]}""").Mistakes);

        Assert.Equal("$.routes", mistake.Path);
        Assert.Contains("65", mistake.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Target_WhenTheModelsNameHasSlashes_IsFound() =>
        Assert.True(Sample.Read("""
            {"accounts":[{"id":"or","provider":"openai","apiKey":"${HOOK}","models":[{"model":"meta/llama/9b"}]}],
             "routes":[{"model":"llama","targets":["or/meta/llama/9b"]}]}
            """).IsValid);

    [Theory]
    [InlineData("\"o/text-embedding-3-small\"", "\"a/claude-x\"", "makes embeddings, or leave it out")]
    [InlineData("\"o/text-embedding-3-small\"", "\"o/gpt-x\"", "makes embeddings, or leave it out")]
    [InlineData("\"o/text-embedding-3-small\"", "\"chat\"", "makes embeddings, or leave it out")]
    [InlineData("\"o/gpt-x\"", "\"o/text-embedding-3-small\"", "a deployment that answers, or leave it out")]
    public void Fallback_ThatCanNeverTakeWhatTheTargetsTake_IsAMistake(string target, string fallback, string fix)
    {
        var mistake = Assert.Single(Sample.Read(Mixed(target, fallback)).Mistakes);

        Assert.Equal("$.routes[0].fallback[0]", mistake.Path);
        Assert.Contains("not even translated", mistake.Found, StringComparison.Ordinal);
        Assert.Contains(fix, mistake.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"o/gpt-x\"", "\"a/claude-x\"")]
    [InlineData("\"a/claude-x\"", "\"o/gpt-x\"")]
    [InlineData("\"a/claude-x\"", "\"b/us.anthropic.claude-x\"")]
    [InlineData("\"o/text-embedding-3-small\"", "\"z/mine\"")]
    [InlineData("\"o/gpt-x\",\"o/text-embedding-3-small\"", "\"a/claude-x\"")]
    public void Fallback_ThatTakesSomeOfIt_IsNone(string targets, string fallback) =>
        Assert.Empty(Sample.Read(Mixed(targets, fallback)).Mistakes);

    private static string Mixed(string targets, string fallback) => $$"""
        {"accounts":[
           {"id":"o","provider":"openai","apiKey":"${HOOK}","models":[{"model":"gpt-x"},{"model":"text-embedding-3-small"}]},
           {"id":"a","provider":"anthropic","apiKey":"${HOOK}","models":[{"model":"claude-x"}]},
           {"id":"b","provider":"bedrock","apiKey":"${HOOK}","endpoint":"https://bedrock-runtime.us-east-1.amazonaws.com","models":[{"model":"us.anthropic.claude-x"}]},
           {"id":"z","provider":"azure-openai","apiKey":"${HOOK}","endpoint":"https://z.openai.azure.com","models":[{"model":"mine"}]}],
         "routes":[{"model":"r","targets":[{{targets}}],"fallback":[{{fallback}}]},{"model":"chat","targets":["o/gpt-x"]}]}
        """;

    [Fact]
    public void Smaller_IsReadWithTheRulesForSimpleWork()
    {
        var route = Sample.Valid(Sample.Json).Routes[0];

        Assert.Equal(["openai-east/gpt-y"], route.Smaller);
        Assert.Equal([new SimpleWork(null, "classify*", 2000, Always: true), new SimpleWork("triage", null, null, Always: false)], route.Simple);
        Assert.Equal("openai-east/gpt-y", route.Places.Last());
    }

    [Theory]
    [InlineData("routes[0].smaller[0]", "\"openai-east/gpt-x\"", "$.routes[0].smaller[0]", "once")]
    [InlineData("routes[0].smaller[0]", "\"openai-east/gpt-z\"", "$.routes[0].smaller[0]", "gpt-")]
    [InlineData("routes[0].smaller", null, "$.routes[0].simple", "smaller")]
    [InlineData("routes[0].simple[1]", "{}", "$.routes[0].simple[1]", "workflow, step")]
    [InlineData("routes[0].simple[0].step", "\"*y\"", "$.routes[0].simple[0].step", "at the end")]
    [InlineData("routes[0].simple[0].when", "\"never\"", "$.routes[0].simple[0].when", "pressure")]
    [InlineData("tenants[0].allow.providers[0]", "\"openia\"", "$.tenants[0].allow.providers[0]", "openai")]
    [InlineData("tenants[0].allow.regions", "[\"moon\"]", "$.tenants[0].allow.regions[0]", "leave it out")]
    [InlineData("tenants[0].allow", "{ \"providers\": [\"anthropic\"], \"regions\": [\"eastus\"] }", "$.tenants[0].allow", "at least one account")]
    [InlineData("accounts[0].models[1].tier", "\"a b\"", "$.accounts[0].models[1].tier", "small")]
    public void Routing_WhenItCannotBe_IsToldWithItsPlace(string place, string? json, string path, string fix)
    {
        var mistake = Sample.Mistake(place, json);

        Assert.Equal(path, mistake.Path);
        Assert.Contains(fix, mistake.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_WhenTenantsOfTwoOrganizationsShareItUnchecked_IsToldForEachAccount()
    {
        var json = Sample.With("tenants", $$"""
            [
              { "id": "acme", "keys": ["sha256:{{Sample.KeyHash}}"], "organization": "acme inc" },
              { "id": "globex", "keys": ["sha256:{{new string('b', 64)}}"], "organization": "globex", "allow": { "accounts": ["openai-east", "openai-west"] } }
            ]
            """);

        var mistake = Assert.Single(Sample.Read(json).Mistakes);

        Assert.Equal("$.accounts[1]", mistake.Path);
        Assert.Contains("termsChecked", mistake.Fix, StringComparison.Ordinal);
    }
}
