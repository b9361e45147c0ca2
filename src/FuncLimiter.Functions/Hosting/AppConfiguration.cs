using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Functions.Hosting;

/// <summary>Finds and reads <c>funclimiter.json</c>, or tells everything that is wrong with it.</summary>
internal static class AppConfiguration
{
    /// <summary>The setting that names another file.</summary>
    public const string FileSetting = "FUNCLIMITER_CONFIG";

    /// <summary>The file, beside the app.</summary>
    public const string FileName = "funclimiter.json";

    /// <summary>
    /// No request waits longer for its turn: Azure's front end cuts one that gets no byte for 230 seconds, and the provider needs its time
    /// as well. What may wait longer is a job. Source: "Azure Functions HTTP trigger", limits, Microsoft Learn.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(180);

    /// <summary>The configuration; null after every mistake was told.</summary>
    /// <param name="folder">The app's folder.</param>
    /// <param name="setting">A setting of the app, or null.</param>
    /// <param name="overlay">What operators have set since; see <see cref="ConfigurationOverlay"/>.</param>
    /// <param name="errors">Where mistakes are told.</param>
    public static GatewayConfiguration? Read(
        string folder, Func<string, string?> setting, Func<byte[], byte[]> overlay, TextWriter errors)
    {
        var file = Path.Combine(folder, setting(FileSetting) ?? FileName);
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message} Put {FileName} at the repository's root before building, or set {FileSetting}.");
            return null;
        }

        var result = ConfigurationReader.Read(overlay(json), setting);
        foreach (var mistake in result.Mistakes)
        {
            errors.WriteLine(mistake);
        }

        return result.IsValid && MayServe(result.Configuration, setting, errors) ? Hasten(result.Configuration) : null;
    }

    /// <summary>Whether the app runs on a developer's machine, as Core Tools tell.</summary>
    public static bool IsDevelopment(Func<string, string?> setting) =>
        "Development".Equals(setting("AZURE_FUNCTIONS_ENVIRONMENT"), StringComparison.OrdinalIgnoreCase);

    private static GatewayConfiguration Hasten(GatewayConfiguration configuration)
    {
        var queue = configuration.Queue;
        return configuration with
        {
            Queue = queue with
            {
                MaxWaitInteractive = AtMost(queue.MaxWaitInteractive),
                MaxWaitStandard = AtMost(queue.MaxWaitStandard),
                MaxWaitBackground = AtMost(queue.MaxWaitBackground),
            },
        };

        static TimeSpan AtMost(TimeSpan wait) => wait < LongestWait ? wait : LongestWait;
    }

    private static bool MayServe(GatewayConfiguration configuration, Func<string, string?> setting, TextWriter errors)
    {
        foreach (var (path, reference) in KeyVaultSecrets.Unresolved(configuration))
        {
            errors.WriteLine($"{path}: {reference} is not resolved; name an app setting here, and let that hold the reference: the platform fills it in.");
        }

        if (configuration.Tenants.Count == 0 && !IsDevelopment(setting))
        {
            errors.WriteLine("$.tenants: none are configured, so anyone could call: configure tenants with keys.");
            return false;
        }

        return KeyVaultSecrets.Unresolved(configuration).Count == 0;
    }
}
