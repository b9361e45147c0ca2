using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Server.Commands;

/// <summary>Reads a configuration from a file, with the environment's secrets.</summary>
internal static class ConfigurationFile
{
    /// <summary>The file as a running server reads it again; null where it can't be read any more.</summary>
    public static ConfigurationSource? Source(FileInfo file)
    {
        try
        {
            return new ConfigurationSource(cancellationToken => File.ReadAllBytesAsync(file.FullName, cancellationToken), Environment.GetEnvironmentVariable) { AtStart = File.ReadAllBytes(file.FullName) };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The file's bytes, or null after it was told why not.</summary>
    public static byte[]? Bytes(FileInfo file, TextWriter errors)
    {
        try
        {
            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message}");
            return null;
        }
    }

    /// <summary>The configuration, or null after every mistake was told.</summary>
    public static GatewayConfiguration? Read(FileInfo file, TextWriter errors)
    {
        if (Bytes(file, errors) is not { } json)
        {
            return null;
        }

        var result = ConfigurationReader.Read(json, Environment.GetEnvironmentVariable);
        foreach (var mistake in result.Mistakes)
        {
            errors.WriteLine(mistake);
        }

        if (!result.IsValid)
        {
            errors.WriteLine(result.Mistakes.Count == 1 ? $"1 mistake in {file}." : $"{result.Mistakes.Count} mistakes in {file}.");
        }

        return result.Configuration;
    }
}
