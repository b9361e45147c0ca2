namespace FuncLimiter.Server.Tests.Field;

/// <summary>The server of the cases about what requests and answers carry.</summary>
public sealed class BodiesSetup() : FieldSetup(
    new FieldCase("gzip-request", "openai"),
    new FieldCase("zstd-request", "openai"),
    new FieldCase("snappy-request", "openai"),
    new FieldCase("gzip-answer", "openai"),
    new FieldCase("gzip-stream", "openai"),
    new FieldCase("escaped-image", "anthropic") { Limits = LittleInput },
    new FieldCase("wrapped-image", "anthropic") { Limits = LittleInput },
    new FieldCase("escaped-prose", "anthropic") { Limits = LittleInput },
    new FieldCase("wrapped-audio", "openai") { Limits = FewTokens },
    new FieldCase("image-call", "openai") { Limits = FewTokens },
    new FieldCase("cache-warming", "anthropic"),
    new FieldCase("decimal-max-tokens", "openai-compatible"),
    new FieldCase("unbounded-max-tokens", "openai-compatible"),
    new FieldCase("stream-overloaded", "anthropic") { FallsBack = true },
    new FieldCase("stream-comment", "openrouter") { FallsBack = true },
    new FieldCase("stream-filter", "azure-openai") { FallsBack = true },
    new FieldCase("stream-response", "openai") { FallsBack = true },
    new FieldCase("stream-content", "openai") { FallsBack = true },
    new FieldCase("stream-cut", "openai"),
    new FieldCase("verdict-plan", "anthropic"),
    new FieldCase("verdict-size", "groq"),
    new FieldCase("verdict-capacity", "gemini"),
    new FieldCase("verdict-elsewhere", "openai") { FallsBack = true })
{
    private static object LittleInput => new { rpm = 5_000, itpm = 20_000, otpm = 20_000 };

    private static object FewTokens => new { rpm = 5_000, tpm = 20_000 };
}

/// <summary>The test classes that share <see cref="BodiesSetup"/>.</summary>
[CollectionDefinition(Name)]
public sealed class BodiesCases : ICollectionFixture<BodiesSetup>
{
    public const string Name = "field cases of bodies";
}
