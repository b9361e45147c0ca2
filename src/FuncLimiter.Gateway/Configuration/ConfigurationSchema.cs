namespace FuncLimiter.Gateway.Configuration;

/// <summary>The JSON schema of <c>funclimiter.json</c>, for editors.</summary>
internal static class ConfigurationSchema
{
    /// <summary>The schema's text.</summary>
    public static string Read()
    {
        using var stream = typeof(ConfigurationSchema).Assembly.GetManifestResourceStream("funclimiter.schema.json")
            ?? throw new InvalidOperationException("The schema is not part of this assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
