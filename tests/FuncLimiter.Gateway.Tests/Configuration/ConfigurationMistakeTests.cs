using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class ConfigurationMistakeTests
{
    [Theory]
    // Names
    [InlineData("acounts", "[]", "$.acounts", "accounts")]
    [InlineData("accounts[0].api_key", "1", "$.accounts[0].api_key", "apiKey")]
    [InlineData("accounts[0].models[0].limits.TPM", "5", "$.accounts[0].models[0].limits.TPM", "tpm")]
    [InlineData("accounts[0].models[0].flavour", "5", "$.accounts[0].models[0].flavour", "leave it out")]
    [InlineData("queue.a b", "5", "$.queue['a b']", "leave it out")]
    // Types
    [InlineData("accounts[0].limits.rpm", "\"600\"", "$.accounts[0].limits.rpm", "whole number")]
    [InlineData("accounts[0].limits.rpm", "600.5", "$.accounts[0].limits.rpm", "whole number")]
    [InlineData("accounts[0].limits.rpm", "null", "$.accounts[0].limits.rpm", "whole number")]
    [InlineData("accounts[0].limits", "[600]", "$.accounts[0].limits", "object")]
    [InlineData("accounts[0].models[1]", "\"gpt-y\"", "$.accounts[0].models[1]", "object")]
    [InlineData("accounts[0].region", "5", "$.accounts[0].region", "text")]
    [InlineData("jobs.webhooksToPrivateNetworks", "\"yes\"", "$.jobs.webhooksToPrivateNetworks", "true or false")]
    [InlineData("routes[0].targets[1]", "7", "$.routes[0].targets[1]", "account/model")]
    [InlineData("tenants", "{}", "$.tenants", "list")]
    // What is missing
    [InlineData("accounts[0].provider", null, "$.accounts[0].provider", "openai")]
    [InlineData("accounts[1].id", null, "$.accounts[1].id", "unique name")]
    [InlineData("accounts[2].apiKey", null, "$.accounts[2].apiKey", "${NAME}")]
    [InlineData("accounts[0].models[0].price.output", null, "$.accounts[0].models[0].price.output", "dollars")]
    [InlineData("routes[0].targets", null, "$.routes[0].targets", "deployment")]
    [InlineData("routes[0].targets", "[]", "$.routes[0].targets", "deployment")]
    [InlineData("routes[0].model", null, "$.routes[0].model", "agents ask for")]
    [InlineData("tenants[0].keys", null, "$.tenants[0].keys", "sha256:")]
    [InlineData("tenants[0].keys", "[]", "$.tenants[0].keys", "sha256:")]
    // Where limits are read from
    [InlineData("accounts[0].limitSource", "{}", "$.accounts[0].limitSource.adminKey", "${NAME}")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"${OPENAI_KEY_EAST}\"}", "$.accounts[0].limitSource.project", "proj_abc")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"sk-admin-plain\",\"project\":\"p\"}", "$.accounts[0].limitSource.adminKey", "${NAME}")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"${OPENAI_KEY_EAST}\",\"project\":\"p\",\"everySeconds\":0}", "$.accounts[0].limitSource.everySeconds", "at least 1")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"${OPENAI_KEY_EAST}\",\"project\":\"p\",\"workspace\":\"w\"}", "$.accounts[0].limitSource.workspace", "project")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"${OPENAI_KEY_EAST}\",\"project\":\"p\",\"location\":\"eastus\"}", "$.accounts[0].limitSource.location", "leave it out")]
    [InlineData("accounts[0].limitSource", "{\"adminKey\":\"${OPENAI_KEY_EAST}\",\"project\":\"p\",\"endpoint\":\"nowhere\"}", "$.accounts[0].limitSource.endpoint", "https://")]
    [InlineData("accounts[0].models[0].limits", "\"automatic\"", "$.accounts[0].models[0].limits", "object")]
    // Names that stand twice, and names that can't be
    [InlineData("accounts[2].id", "\"openai-east/x\"", "$.accounts[2].id", "letters")]
    [InlineData("tenants[0].id", "\"a b\"", "$.tenants[0].id", "letters")]
    [InlineData("accounts[0].models[1].model", "\"gpt-x\"", "$.accounts[0].models[1].model", "another")]
    [InlineData("accounts[0].models[1].model", "\" gpt-y\"", "$.accounts[0].models[1].model", "spaces")]
    // Providers and addresses
    [InlineData("accounts[1].provider", "\"openia\"", "$.accounts[1].provider", "\"openai\"")]
    [InlineData("accounts[1].provider", "\"azure\"", "$.accounts[1].provider", "azure-openai")]
    [InlineData("accounts[1].provider", "\"azure-openai\"", "$.accounts[1].endpoint", "openai.azure.com")]
    [InlineData("accounts[1].provider", "\"openai-compatible\"", "$.accounts[1].endpoint", "base address")]
    [InlineData("accounts[1].provider", "\"bedrock\"", "$.accounts[1].endpoint", "bedrock-runtime")]
    [InlineData("accounts[1].provider", "\"vertex\"", "$.accounts[1].endpoint", "aiplatform")]
    [InlineData("accounts[0].endpoint", "\"api.openai.com\"", "$.accounts[0].endpoint", "https://")]
    [InlineData("accounts[0].endpoint", "\"ftp://api.openai.com\"", "$.accounts[0].endpoint", "https://")]
    [InlineData("accounts[0].endpoint", "\"https://api.openai.com/?x=1\"", "$.accounts[0].endpoint", "?")]
    [InlineData("accounts[0].endpoint", "\"https://${NOWHERE}.com\"", "$.accounts[0].endpoint", "NOWHERE")]
    // Paths and pages
    [InlineData("accounts[0].paths", "[\"v1/files\"]", "$.accounts[0].paths[0]", "/v1/files*")]
    [InlineData("accounts[0].paths", "[\"/v1/*/x\"]", "$.accounts[0].paths[0]", "/v1/files*")]
    [InlineData("tenants[0].allow", "{\"paths\":[5]}", "$.tenants[0].allow.paths[0]", "/v1/files*")]
    [InlineData("cors", "{}", "$.cors.origins", "https://app.example")]
    [InlineData("cors", "{\"origins\":[]}", "$.cors.origins", "https://app.example")]
    [InlineData("cors", "{\"origins\":[\"https://app.example/\"]}", "$.cors.origins[0]", "without a path")]
    [InlineData("cors", "{\"origins\":[\"app.example\"]}", "$.cors.origins[0]", "scheme")]
    [InlineData("accounts[0].models[1].model", "\"*\"", "$.accounts[0].models[1].model", "not *")]
    // The record
    [InlineData("record", "{\"key\":\"${HOOK}\"}", "$.record.file", "record.jsonl")]
    [InlineData("record", "{\"file\":\"r\"}", "$.record.key", "${NAME}")]
    [InlineData("record", "{\"file\":\"r\",\"key\":\"in-the-open-and-long-enough\"}", "$.record.key", "${NAME}")]
    [InlineData("record", "{\"file\":\"r\",\"key\":\"${OPENAI_KEY_EAST}\",\"maxMegabytes\":0}", "$.record.maxMegabytes", "from 1 to 1,000,000")]
    [InlineData("record", "{\"file\":\"r\",\"key\":\"${OPENAI_KEY_EAST}\",\"prompts\":true}", "$.record.prompts", "leave it out")]
    // Limits
    [InlineData("accounts[0].limits.rpm", "0", "$.accounts[0].limits.rpm", "at least 1")]
    [InlineData("accounts[0].models[0].limits.tpm", "-5", "$.accounts[0].models[0].limits.tpm", "at least 1")]
    [InlineData("accounts[0].limits.rpm", "1e300", "$.accounts[0].limits.rpm", "the most is")]
    [InlineData("accounts[0].models[0].limits.rpm", "10001", "$.accounts[0].models[0].limits.rpm", "at most 10000")]
    [InlineData("accounts[0].models[0].limits.burstSeconds", "0", "$.accounts[0].models[0].limits.burstSeconds", "above 0")]
    [InlineData("accounts[0].models[0].limits.burstSeconds", "61", "$.accounts[0].models[0].limits.burstSeconds", "at most 60")]
    [InlineData("accounts[0].models[0].limits.algorithm", "\"sliding\"", "$.accounts[0].models[0].limits.burstSeconds", "leave burstSeconds out")]
    [InlineData("accounts[0].models[0].limits.algorithm", "\"leaky\"", "$.accounts[0].models[0].limits.algorithm", "\"sliding\"")]
    [InlineData("accounts[0].limits", "{\"tpm\":500,\"sliceSeconds\":10}", "$.accounts[0].limits.sliceSeconds", "rpm")]
    [InlineData("accounts[0].limits", "{\"concurrent\":5,\"burstSeconds\":5}", "$.accounts[0].limits.burstSeconds", "rpm")]
    [InlineData("accounts[2].models[0].limits.tpm", "20000", "$.accounts[2].models[0].limits.itpm", "at most 20000")]
    [InlineData("accounts[0].models[0].limits.rpd", "500", "$.accounts[0].models[0].limits.rpm", "raise rpd")]
    [InlineData("accounts[0].models[0].limits.tpd", "100000", "$.accounts[0].models[0].limits.tpm", "raise tpd")]
    // Shared limits
    [InlineData("accounts[0].sharedLimits[0]", "\"openai-orgs\"", "$.accounts[0].sharedLimits[0]", "\"openai-org\"")]
    [InlineData("accounts[0].sharedLimits", "[\"openai-org\",\"openai-org\"]", "$.accounts[0].sharedLimits[1]", "leave it out")]
    [InlineData("accounts[0].sharedLimits[0]", "5", "$.accounts[0].sharedLimits[0]", "list of ids")]
    [InlineData("accounts[0].models[1].sharedLimits", null, "$.sharedLimits[1].id", "leave it out")]
    [InlineData("accounts[2].sharedLimits", "[\"openai-org\"]", "$.sharedLimits[0].id", "for each provider")]
    [InlineData("sharedLimits[0].limits", null, "$.sharedLimits[0].limits", "tpm")]
    [InlineData("sharedLimits[0].limits.rpm", "9999", "$.accounts[0].limits.rpm", "at most 9999")]
    [InlineData("sharedLimits[1].id", "\"openai-org\"", "$.sharedLimits[1].id", "another")]
    [InlineData("sharedLimits[1].id", "\"a b\"", "$.sharedLimits[1].id", "letters")]
    // Tenants
    [InlineData("tenants[0].models", "[]", "$.tenants[0].models", "at least one")]
    [InlineData("tenants[0].modelLimits[0].model", "\"claude-q\"", "$.tenants[0].modelLimits[0].model", "\"claude-x\"")]
    [InlineData("tenants[0].modelLimits[0].model", "\"gpt-y\"", "$.tenants[0].modelLimits[0].model", "add it there")]
    [InlineData("tenants[0].modelLimits[0].model", null, "$.tenants[0].modelLimits[0].model", "route's name")]
    [InlineData("tenants[0].modelLimits[0].tpm", "60000", "$.tenants[0].modelLimits[0].tpm", "at most 50000")]
    [InlineData("tenants[0].modelLimits[0].tpd", "-1", "$.tenants[0].modelLimits[0].tpd", "at least 1")]
    [InlineData("tenants[0].modelLimits", "[{\"model\":\"gpt-x\"}]", "$.tenants[0].modelLimits[0]", "tpm")]
    [InlineData("tenants[0].modelLimits", "[{\"model\":\"gpt-x\",\"rpm\":5},{\"model\":\"gpt-x\",\"tpm\":500}]", "$.tenants[0].modelLimits[1].model", "leave one of them out")]
    [InlineData("tenants[0].modelLimits", "[{\"model\":\"gpt-x\",\"usdPerDay\":5}]", "$.tenants[0].modelLimits[0].usdPerDay", "write a price")]
    [InlineData("tenants[0].models", "[5]", "$.tenants[0].models[0]", "route's name")]
    [InlineData("tenants[0].models", "[\"gpt-q\"]", "$.tenants[0].models[0]", "\"gpt-")]
    [InlineData("tenants[0].models", "[\"gpt-x\",\"gpt-x\"]", "$.tenants[0].models[1]", "leave one of them out")]
    [InlineData("tenants[0].highestPriority", "\"urgent\"", "$.tenants[0].highestPriority", "\"standard\"")]
    [InlineData("tenants[0].weight", "0", "$.tenants[0].weight", "above 0")]
    [InlineData("tenants[0].weight", "-1", "$.tenants[0].weight", "above 0")]
    [InlineData("tenants[0].limits", "{\"tpm\":7}", "$.tenants[0].limits.tpm", "no call is that small")]
    [InlineData("tenants[0].limits", "{\"tpm\":60,\"burstSeconds\":1}", "$.tenants[0].limits.tpm", "burstSeconds")]
    [InlineData("tenants[0].userLimits", "{\"tpm\":50001}", "$.tenants[0].userLimits.tpm", "at most 50000")]
    // Budgets
    [InlineData("budgets[0].for", "\"runs\"", "$.budgets[0].for", "\"run\"")]
    [InlineData("budgets[0].for", null, "$.budgets[0].for", "\"run\"")]
    [InlineData("budgets[0].per", "\"day\"", "$.budgets[0].per", "leave it out")]
    [InlineData("budgets[1].per", null, "$.budgets[1].per", "\"month\"")]
    [InlineData("budgets[1].per", "\"year\"", "$.budgets[1].per", "\"month\"")]
    [InlineData("budgets[1].timeZone", "\"Europe/Bärlin\"", "$.budgets[1].timeZone", "Europe/Berlin")]
    [InlineData("budgets[1].tokens", "0", "$.budgets[1].tokens", "at least 1")]
    [InlineData("budgets[1].tokens", null, "$.budgets[1]", "usd, tokens or calls")]
    [InlineData("budgets[1].tenant", "\"acmes\"", "$.budgets[1].tenant", "\"acme\"")]
    [InlineData("budgets[1].seconds", "60", "$.budgets[1].seconds", "\"for\": \"run\"")]
    [InlineData("budgets[0].seconds", "0", "$.budgets[0].seconds", "above 0")]
    [InlineData("budgets[0].keepForClosing", "0.95", "$.budgets[0].keepForClosing", "0.9")]
    [InlineData("budgets[0].waitForRaiseSeconds", "-1", "$.budgets[0].waitForRaiseSeconds", "604,800")]
    [InlineData("budgets[0].action", "\"warn\"", "$.budgets[0].action", "\"refuse\"")]
    [InlineData("budgets[2].action", "\"stop\"", "$.budgets[2].action", "\"warn\"")]
    [InlineData("budgets[2].name", "\"claude-y\"", "$.budgets[2].name", "\"claude-x\"")]
    [InlineData("budgets[2].name", null, "$.budgets[2].usd", "price")]
    [InlineData("budgets[2].usd", "0", "$.budgets[2].usd", "0.000001")]
    [InlineData("budgets[2].tenant", "\"acme\"", "$.budgets[2].tenant", "leave it out")]
    [InlineData("budgets[2]", "{\"for\":\"run\",\"calls\":5}", "$.budgets[2]", "leave it out")]
    // Queue, alerts, jobs
    [InlineData("queue.backgroundFloor", "0.8", "$.queue.backgroundFloor", "less than 1")]
    [InlineData("queue.standardFloor", "1.5", "$.queue.standardFloor", "the most is 1")]
    [InlineData("queue.maxWaiting", "0", "$.queue.maxWaiting", "at least 1")]
    [InlineData("queue.maxWaitingBytes", "1000000", "$.queue.maxWaitingBytes", "at least 67108864")]
    [InlineData("queue.maxWaitSeconds.standard", "-1", "$.queue.maxWaitSeconds.standard", "seconds")]
    [InlineData("alerts.actAt", "0.7", "$.alerts.actAt", "above warnAt")]
    [InlineData("alerts.warnAt", "0", "$.alerts.warnAt", "0 to 1")]
    [InlineData("alerts.webhook", "\"ftp://example.com\"", "$.alerts.webhook", "http:// or https://")]
    [InlineData("alerts.webhookSecret", null, "$.alerts.webhook", "webhookSecret")]
    [InlineData("admin.keys", "[]", "$.admin.keys", "at least one")]
    [InlineData("jobs.maxRunning", "3", "$.jobs.maxRunning", "at least 4")]
    [InlineData("jobs.maxCalls", "50001", "$.jobs.maxCalls", "at most maxWaiting")]
    [InlineData("accounts[0].models[0].price.cachedInput", "2.6", "$.accounts[0].models[0].price.cachedInput", "input price")]
    [InlineData("accounts[0].models[0].price.input", "-1", "$.accounts[0].models[0].price.input", "at least 0")]
    [InlineData("accounts[0].models[0].price.input", "\"2.5\"", "$.accounts[0].models[0].price.input", "dollars")]
    [InlineData("accounts[0].models[0].price.output", "1000001", "$.accounts[0].models[0].price.output", "1000000")]
    [InlineData("accounts[0].models[0].price.cacheWrite", "-0.1", "$.accounts[0].models[0].price.cacheWrite", "at least 0")]
    [InlineData("accounts[0].models[0].price.batchDiscount", "50", "$.accounts[0].models[0].price.batchDiscount", "from 0 to 1")]
    [InlineData("tenants[0].limits.usdPerDay", "0", "$.tenants[0].limits.usdPerDay", "0.01")]
    [InlineData("tenants[0].limits.usdPerDay", "50", "$.tenants[0].limits.usdPerDay", "price")]
    [InlineData("tenants[0].userLimits.usdPerDay", "5", "$.tenants[0].userLimits.usdPerDay", "price")]
    [InlineData("accounts[0].limits.usdPerDay", "50", "$.accounts[0].limits.usdPerDay", "leave it out")]
    [InlineData("accounts[0].batch.maxCalls", "60000", "$.accounts[0].batch.maxCalls", "50000")]
    [InlineData("accounts[0].batch.maxBytes", "300000000", "$.accounts[0].batch.maxBytes", "200000000")]
    [InlineData("accounts[0].batch.minCalls", "2000", "$.accounts[0].batch.minCalls", "maxCalls")]
    [InlineData("accounts[0].batch.minDeadlineSeconds", "1000", "$.accounts[0].batch.minDeadlineSeconds", "reserveSeconds")]
    [InlineData("accounts[0].batch.window", "24", "$.accounts[0].batch.window", "leave it out")]
    [InlineData("usage.keepDays", "19", "$.usage.keepDays", "keepHoursDays")]
    [InlineData("usage.maxRows", "10", "$.usage.maxRows", "1,000")]
    public void Read_WhenOneThingIsWrong_TellsWhereAndWhatToWrite(string changed, string? value, string path, string fix)
    {
        var mistakes = Sample.Read(Sample.With(changed, value)).Mistakes;

        Assert.Contains(mistakes, mistake => mistake.Path == path && mistake.Fix.Contains(fix, StringComparison.Ordinal));
        Assert.True(mistakes.Count <= 3, string.Join("\n", mistakes));
    }

    [Fact]
    public void Read_WhenManyThingsAreWrong_TellsAllOfThem()
    {
        var mistakes = Sample.Read("""
            { "accounts": [{ "id": "a", "provider": "nobody", "apiKey": "${NOT_SET}", "endpoint": "x", "models": [{ "limits": { "rpm": 0, "tpm": "many" } }] }],
              "alerts": { "warnAt": 0.9, "actAt": 0.8 }, "extra": 1 }
            """).Mistakes;

        Assert.Equal(
            [
                "$.extra", "$.accounts[0].provider", "$.accounts[0].endpoint", "$.accounts[0].apiKey", "$.accounts[0].models[0].model",
                "$.accounts[0].models[0].limits.rpm", "$.accounts[0].models[0].limits.tpm", "$.alerts.actAt",
            ],
            mistakes.Select(mistake => mistake.Path));
    }

    [Fact]
    public void Read_WhenAnIdStandsTwice_TellsWhereItStandsFirst()
    {
        var mistakes = Sample.Read(Sample.With("accounts[1].id", "\"openai-east\"")).Mistakes;

        Assert.Contains(mistakes, mistake => mistake.Path == "$.accounts[1].id" && mistake.Found.Contains("$.accounts[0].id", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_WhenAMemberStandsTwice_IsAMistake()
    {
        var mistake = Assert.Single(Sample.Read("""{"accounts":[{"id":"a","id":"b","provider":"openai","apiKey":"${HOOK}","models":[{"model":"m"}]}]}""").Mistakes);

        Assert.Equal(("$.accounts[0].id", "write it once"), (mistake.Path, mistake.Fix));
    }

    [Theory]
    [InlineData("{\n  \"accounts\": [\n    { \"id\" \"a\" }\n  ]\n}", 3)]
    [InlineData("", 1)]
    [InlineData("{", 1)]
    [InlineData("{} {}", 1)]
    public void Read_WhenTheJsonIsBroken_TellsLineAndColumn(string json, int line)
    {
        var mistake = Assert.Single(Sample.Read(json).Mistakes);

        Assert.Equal("$", mistake.Path);
        Assert.Contains($"line {line}, column ", mistake.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    public void Read_WhenTheRootIsNoObject_IsAMistake(string json) =>
        Assert.Equal("$", Assert.Single(Sample.Read(json).Mistakes).Path);

    [Fact]
    public void Read_WhenTheFileIsNotUtf8_IsAMistake() =>
        Assert.Contains("UTF-8", Assert.Single(ConfigurationReader.Read([(byte)'{', (byte)'"', 0xFF, (byte)'"'], Sample.Environment).Mistakes).Found, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenATextIsHalfASurrogatePair_IsAMistakeAtItsPlace() =>
        Assert.Equal("$.accounts[0].id", Assert.Single(Sample.Read("""{"accounts":[{"id":"\ud800"}]}""").Mistakes).Path);

    [Fact]
    public void Read_WhenTheFileIsHuge_IsRefusedUnread() =>
        Assert.Contains("bytes", Assert.Single(ConfigurationReader.Read(new byte[ConfigurationReader.MostBytes + 1], Sample.Environment).Mistakes).Found, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenThereAreCountlessMistakes_TellsThatThereAreMore()
    {
        var mistakes = Sample.Read($$"""{"accounts":[{{string.Join(",", Enumerable.Repeat("1", 5000))}}]}""").Mistakes;

        Assert.Equal(1001, mistakes.Count);
        Assert.Equal("4000 more mistakes", mistakes[^1].Found);
    }
}
