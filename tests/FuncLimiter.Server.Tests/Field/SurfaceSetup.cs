using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>The server for the paths that clients use.</summary>
public sealed class SurfaceSetup() : FieldSetup(
    new FieldCase("completions", "openai"),
    new FieldCase("images", "openai"),
    new FieldCase("files", "openai"),
    new FieldCase("azure-chat", "azure-openai"),
    new FieldCase("azure-responses", "azure-openai"),
    new FieldCase("message-batches", "anthropic"),
    new FieldCase("gemini", "gemini") { EndpointPath = "/v1beta/models" },
    new FieldCase("kept", "openai") { IsPool = true },
    new FieldCase("turns", "openai") { IsPool = true },
    new FieldCase("slash", "openai") { Model = "maker/small-7b" },
    new FieldCase("doubled", "openai"),
    new FieldCase("page", "openai"),
    new FieldCase("audio", "openai"),
    new FieldCase("two", "openai") { IsPool = true },
    new FieldCase("upload", "openai"),
    new FieldCase("refused", "openai"),
    new FieldCase("keys", "anthropic"))
{
    private protected override void Configure(JsonObject configuration) =>
        configuration["cors"] = new JsonObject { ["origins"] = new JsonArray("https://app.example") };
}
