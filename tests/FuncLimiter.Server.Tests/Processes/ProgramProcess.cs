using System.Diagnostics;
using System.Text;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>A program as users run it: a process of its own, which prints where it listens.</summary>
internal abstract class ProgramProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected ProgramProcess(ProcessStartInfo start)
    {
        Process = new Process { StartInfo = start, EnableRaisingEvents = true };
        Process.OutputDataReceived += Keep;
        Process.ErrorDataReceived += Keep;
        Process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException("The program ended."));
        Process.Start();
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    /// <summary>A client of the program, which says what it is told and follows nothing.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the program printed and logged.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    protected Process Process { get; }

    /// <summary>Ends it as a power cut ends a process: at once, whatever it does.</summary>
    public async Task KillAsync()
    {
        Kill();
        await Process.WaitForExitAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!Process.HasExited)
        {
            await KillAsync();
        }

        Process.Dispose();
    }

    /// <summary>Waits until a program listens.</summary>
    protected static async Task<T> ListeningAsync<T>(T program, TimeSpan longest)
        where T : ProgramProcess
    {
        try
        {
            var address = await program._address.Task.WaitAsync(longest);
            program.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = longest };
            return program;
        }
        catch (Exception reason)
        {
            await program.DisposeAsync();
            throw new InvalidOperationException($"The program did not start: {program.Output}", reason);
        }
    }

    /// <summary>Where the program listens, in the line in which it says so.</summary>
    protected abstract Uri? AddressIn(string line);

    protected virtual void Kill() => Process.Kill();

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not { } text)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(text);
        }

        if (AddressIn(text) is { } address)
        {
            _address.TrySetResult(address);
        }
    }
}
