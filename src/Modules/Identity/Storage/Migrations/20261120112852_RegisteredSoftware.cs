using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class RegisteredSoftware : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "SuspendedBy",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "known_statements",
                schema: "identity",
                columns: table => new
                {
                    Hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    Digest = table.Column<byte[]>(type: "bytea", nullable: false),
                    Until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_known_statements", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "registered_software",
                schema: "identity",
                columns: table => new
                {
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    Directory = table.Column<string>(type: "text", nullable: false),
                    SoftwareId = table.Column<string>(type: "text", nullable: false),
                    OrganisationId = table.Column<string>(type: "text", nullable: false),
                    RegistrationNumber = table.Column<string>(type: "text", nullable: true),
                    Metadata = table.Column<string>(type: "jsonb", nullable: false),
                    AccessTokenHash = table.Column<byte[]>(type: "bytea", nullable: true),
                    IssuedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_registered_software", x => x.ClientId);
                });

            migrationBuilder.CreateTable(
                name: "registration_counts",
                schema: "identity",
                columns: table => new
                {
                    Organisation = table.Column<byte[]>(type: "bytea", nullable: false),
                    Since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Registrations = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_registration_counts", x => x.Organisation);
                });

            migrationBuilder.CreateIndex(
                name: "IX_known_statements_Until",
                schema: "identity",
                table: "known_statements",
                column: "Until");

            migrationBuilder.CreateIndex(
                name: "IX_registered_software_AccessTokenHash",
                schema: "identity",
                table: "registered_software",
                column: "AccessTokenHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_registered_software_Directory_SoftwareId",
                schema: "identity",
                table: "registered_software",
                columns: new[] { "Directory", "SoftwareId" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_registration_counts_Since",
                schema: "identity",
                table: "registration_counts",
                column: "Since");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "known_statements",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "registered_software",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "registration_counts",
                schema: "identity");

            migrationBuilder.DropColumn(
                name: "SuspendedBy",
                schema: "identity",
                table: "clients");
        }
    }
}
